"""The half-private names of vcrpy that recordings stand on: a version without them fails here, and says which."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import pytest
from vcr import patch, stubs
from vcr.cassette import Cassette
from vcr.serializers import yamlserializer
from vcr.stubs import aiohttp_stubs, httpx_stubs


def test_the_version_is_one_that_was_looked_at() -> None:
    assert version("vcrpy").partition(".")[0] == "9"


@pytest.mark.parametrize(
    "name",
    [
        "CassettePatcherBuilder",
        "force_reset",
        "_HTTPConnection",
        "_HTTPSConnection",
        "_AiohttpClientSessionRequest",
        "_HttpxHttpTransport_handle_request",
        "_HttpxAsyncHttpTransport_handle_async_request",
    ],
)
def test_the_originals_are_kept_by_these_names(name: str) -> None:
    assert hasattr(patch, name)


def test_the_groups_of_patches_have_these_names() -> None:
    assert {"httplib", "requests", "urllib3", "boto3", "aiohttp", "httpx"} <= set(patch.PATCHER_NAMES)


@pytest.mark.parametrize(
    "name", ["can_play_response_for", "play_response", "append", "filter_request", "find_requests_with_most_matches"]
)
def test_a_stub_asks_the_cassette_by_these_methods(name: str) -> None:
    assert hasattr(Cassette, name)


def test_the_cassette_takes_these_arguments() -> None:
    taken = set(inspect.signature(Cassette.__init__).parameters)
    assert {"path", "record_mode", "before_record_request", "before_record_response"} <= taken
    assert {"skip_patchers", "custom_patches"} <= taken


def test_a_stub_looks_force_reset_up_when_it_needs_it() -> None:
    # Else putting another in its place does nothing, and threads go live again.
    assert "from vcr.patch import force_reset" in inspect.getsource(stubs.VCRConnection.getresponse)
    assert "from vcr.patch import force_reset" in inspect.getsource(stubs.VCRConnection.__init__)


def test_stubs_have_these_signatures() -> None:
    assert list(inspect.signature(httpx_stubs.vcr_handle_request).parameters)[:2] == ["cassette", "real_handle_request"]
    assert list(inspect.signature(aiohttp_stubs.MockClientResponse).parameters)[:2] == ["method", "url"]
    assert callable(yamlserializer.deserialize)
