"""Each faulty client of recorded flows is refused by a real provider where its header says so; no correct one is."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.catalogue.recordings.cases import HURRIED, Case, cases, correct, faulty
from tests.catalogue.recordings.passing import time_passes
from tests.provider.running import Provider

pytestmark = HURRIED


def refusals(case: Case, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], Exception | None]:
    """What the live servers refused to it, and what it raised."""
    for name, value in provider.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    provider.reset()
    raised: Exception | None = None
    with time_passes(provider.advance):
        try:
            case.load()(provider.base)
        except Exception as error:
            raised = error
    return [str(entry) for entry in provider.answered() if entry.refusal], raised


@pytest.mark.parametrize("case", faulty(), ids=lambda case: case.name)
def test_faulty_clients_are_refused_live(case: Case, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    refused, raised = refusals(case, provider, monkeypatch)
    assert case.live in case.unexpected(refused), (refused, raised)


@pytest.mark.parametrize("case", correct(), ids=lambda case: case.name)
def test_correct_clients_are_not(case: Case, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    refused, raised = refusals(case, provider, monkeypatch)
    assert raised is None, (refused, raised)
    assert case.unexpected(refused) == []
    assert set(case.allowed) <= set(refused)


def test_correct_clients_of_a_story_make_the_same_requests(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that each can be played against what another one recorded."""
    made: dict[str, dict[tuple[str, ...], str]] = {}
    for case in correct():
        refusals(case, provider, monkeypatch)
        requests = tuple(str(entry) for entry in provider.answered())
        made.setdefault(case.story, {}).setdefault(requests, case.name)
    assert {story: others for story, others in made.items() if len(others) > 1} == {}


def test_there_are_enough_of_them_over_all_flows() -> None:
    assert len(faulty()) >= 40
    assert len(correct()) >= 20
    libraries = Counter(case.library for case in cases())
    assert libraries.keys() >= {
        "requests", "httpx", "aiohttp", "authlib", "requests-oauthlib", "urllib3", "http.client", "botocore"
    }  # fmt: skip
    assert {case.story for case in faulty()} == {case.story for case in correct()}
    assert [case.name for case in faulty() if case.twin not in {other.name for other in correct(case.story)}] == []
