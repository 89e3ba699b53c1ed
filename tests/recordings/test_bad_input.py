"""What is no cassette, no service, or no recording is said in one message, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.recordings import store
from pytest_prodparity.recordings.cassette import TooLarge
from pytest_prodparity.recordings.choices import Choices
from tests.recordings.conftest import Open
from tests.recordings.service import Service

VCRPY = """\
interactions:
- request:
    body: null
    headers: {Accept: ['*/*']}
    method: GET
    uri: %s
  response:
    body: {string: !!binary eWVz}
    headers: {Content-Length: ['3']}
    status: {code: 200, message: OK}
version: 1
"""


def test_a_cassette_of_vcrpy_plays(flow: Open, tmp_path: Path) -> None:
    import requests

    (tmp_path / "cassette.yaml").write_text(VCRPY % "https://api.example.com/x")
    with flow("none") as played:
        assert requests.get("https://api.example.com/x", timeout=5).text == "yes"
    assert played.tape is not None
    assert played.tape.foreign


def test_a_cassette_of_ours_is_played_by_plain_vcrpy(service: Service, flow: Open, tmp_path: Path) -> None:
    import requests
    import vcr

    with flow("all"):
        requests.get(f"{service.url}/x", timeout=5)
    with vcr.use_cassette(str(tmp_path / "cassette.yaml"), record_mode="none"):
        assert requests.get(f"{service.url}/x", timeout=5).json() == {"path": "/x"}
    assert service.seen == ["GET /x"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("interactions:\n- request: {body: 'cut of", r"cassette.yaml:\d+ is not a cassette: "),
        ("just a text", "it has no list of interactions"),
        ("interactions: 7", "it has no list of interactions"),
        ("interactions:\n- request: {method: GET}\n", r"interaction 1: 'uri' is missing"),
        ("interactions:\n- request: {method: GET, uri: x}\n", r"interaction 1: 'response' is missing"),
        ("interactions:\n- request: {method: GET, uri: x}\n  response: {status: {code: many}}\n", "interaction 1: invalid literal"),
        ("interactions:\n- 7\n", "interaction 1: "),
        ("interactions: !!python/object/apply:os.system ['true']\n", "is not a cassette"),
        ("version: 1\nmetadata: {prodparity: {format: 99}}\ninteractions: []\n", "has format 99; this version reads format 1"),
    ],
)  # fmt: skip
def test_what_is_no_cassette_is_said_with_its_place(text: str, said: str, flow: Open, tmp_path: Path) -> None:
    (tmp_path / "cassette.yaml").write_text(text)
    with pytest.raises(UsageError, match=said) as refused, flow("none"):
        pass
    assert "--parity-record=all" in str(refused.value)


def test_a_torn_cassette_is_recorded_again_with_all(service: Service, flow: Open, tmp_path: Path) -> None:
    import requests

    (tmp_path / "cassette.yaml").write_text("interactions:\n- request: {body: 'cut of")
    with flow("all"):
        requests.get(f"{service.url}/x", timeout=5)
    with flow("none"):
        assert requests.get(f"{service.url}/x", timeout=5).status_code == 200


def test_an_empty_file_is_no_cassette_yet(service: Service, flow: Open, tmp_path: Path) -> None:
    import requests

    (tmp_path / "cassette.yaml").write_text("\n")
    with flow("once") as one:
        requests.get(f"{service.url}/x", timeout=5)
        assert one.records
    assert "/x" in (tmp_path / "cassette.yaml").read_text()


def test_what_is_edited_by_hand_is_played_as_it_reads(flow: Open, tmp_path: Path) -> None:
    import requests

    (tmp_path / "cassette.yaml").write_text(
        "interactions:\n- request: {method: get, uri: https://api.example.com/x}\n"
        "  response: {status: {code: 503}, headers: {Retry-After: 2}, body: 'later'}\n"
    )
    with flow("none"):
        answer = requests.get("https://api.example.com/x", timeout=5)
    assert (answer.status_code, answer.text, answer.headers["Retry-After"]) == (503, "later", "2")


def test_a_service_that_is_down_while_recording_leaves_no_cassette(flow: Open, tmp_path: Path) -> None:
    import requests

    with (  # noqa: PT012
        pytest.raises(UsageError, match=r"was not written: GET http://127.0.0.1:1/x was not answered while recording"),
        flow("all"),
    ):
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                requests.get("http://127.0.0.1:1/x?token=abc", timeout=5)
    assert list(tmp_path.iterdir()) == []


def test_a_request_that_was_answered_at_the_second_try_is_recorded(
    service: Service, flow: Open, tmp_path: Path
) -> None:
    import requests

    notes: list[str] = []
    with flow("all", note=notes.append):
        with pytest.raises(requests.ConnectionError):
            requests.get("http://127.0.0.1:1/x", timeout=5)
        requests.get(f"{service.url}/x", timeout=5)
    assert notes == [
        f"recording: GET http://127.0.0.1:1/x was not answered, and is not in {tmp_path / 'cassette.yaml'}"
    ]
    assert "/x" in (tmp_path / "cassette.yaml").read_text()


def test_a_failed_test_leaves_the_cassette_as_it_was(service: Service, flow: Open, tmp_path: Path) -> None:
    import requests

    (tmp_path / "cassette.yaml").write_text(VCRPY % "https://api.example.com/x")
    with flow("all", good=False):
        requests.get(f"{service.url}/x", timeout=5)
    assert (tmp_path / "cassette.yaml").read_text() == VCRPY % "https://api.example.com/x"


def test_an_interrupted_recording_leaves_nothing(service: Service, flow: Open, tmp_path: Path) -> None:
    import requests

    with pytest.raises(KeyboardInterrupt), flow("all"):  # noqa: PT012
        requests.get(f"{service.url}/x", timeout=5)
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with flow("all"):  # and holds nothing back
        requests.get(f"{service.url}/x", timeout=5)


def test_a_redirect_loop_is_recorded_and_played_as_one(service: Service, flow: Open) -> None:
    import aiohttp
    import httpx
    import requests

    async def by_aiohttp() -> None:
        async with aiohttp.ClientSession() as session, session.get(f"{service.url}/loop"):
            pass

    def all_of_them() -> None:
        with pytest.raises(requests.TooManyRedirects):
            requests.get(f"{service.url}/loop", timeout=5)
        with pytest.raises(httpx.TooManyRedirects):
            httpx.get(f"{service.url}/loop", follow_redirects=True)
        with pytest.raises(aiohttp.TooManyRedirects):
            asyncio.run(by_aiohttp())

    with flow("all"):
        all_of_them()
    live = len(service.seen)
    with flow("none"):
        all_of_them()
    assert len(service.seen) == live


def _by_requests(url: str) -> Any:
    import requests

    return requests.get(url, timeout=5, stream=True).content


def _by_httpx(url: str) -> Any:
    import httpx

    return httpx.get(url).content


def _by_async_httpx(url: str) -> Any:
    import httpx

    async def get() -> bytes:
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).content

    return asyncio.run(get())


def _by_aiohttp(url: str) -> Any:
    import aiohttp

    async def get() -> bytes:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.read()

    return asyncio.run(get())


def _by_urllib(url: str) -> Any:
    import urllib.request

    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()


@pytest.mark.parametrize("get", [_by_requests, _by_httpx, _by_async_httpx, _by_aiohttp, _by_urllib])
def test_a_stream_without_an_end_is_refused_and_not_kept_in_memory(
    get: Any, service: Service, flow: Open, tmp_path: Path
) -> None:
    most = 1_000_000
    with (  # noqa: PT012
        pytest.raises(
            UsageError, match=r"was not written: the answer to GET .*/large has more than 1,000,000 bytes"
        ) as refused,
        flow("all", choices=Choices(max_body=most)),
    ):
        with pytest.raises(TooLarge, match="1,000,000 bytes"):
            get(f"{service.url}/large?token=abc")
        service.closing.set()
    assert 'max_body = "64 MB"' in str(refused.value)
    assert "abc" not in str(refused.value)
    assert service.sent < 100 * most
    assert list(tmp_path.iterdir()) == []


def test_two_tests_on_one_cassette_are_refused_while_recording(service: Service, flow: Open) -> None:
    import requests

    from pytest_prodparity.recordings import flow as flows

    with flow("all") as one:
        requests.get(f"{service.url}/x", timeout=5)
    flows._LIVE.add(str(one.path.absolute()))
    again = type(one)(path=one.path, mode="all", choices=Choices(), play=one.play)
    with pytest.raises(UsageError, match="is recorded by another test of this run"), again.open():
        pass


def _hold(path: Path, ready: Any, done: Any) -> None:
    with store.locked(path):
        ready.set()
        done.wait(20)


def test_two_processes_on_one_cassette_are_refused_while_recording(flow: Open, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path / "cassette.yaml", ready, done))
    other.start()
    try:
        assert ready.wait(20)
        with pytest.raises(UsageError, match="is being recorded by another process"), flow("all"):
            pass
    finally:
        done.set()
        other.join()


def test_two_recordings_at_once_in_one_process_are_refused(service: Service, flow: Open, tmp_path: Path) -> None:
    with flow("all"), pytest.raises(UsageError, match="there is one at a time"), flow("all", path=tmp_path / "b.yaml"):
        pass


def test_clocks_that_go_backwards_do_not_stop_a_recording(
    service: Service, flow: Open, tmp_path: Path, monkeypatch: Any
) -> None:
    import requests

    times = iter([1.7e9, 1.6e9, 1.5e9] + [1.4e9] * 100)
    with flow("all"):
        monkeypatch.setattr(time, "time", lambda: next(times))
        for _ in range(3):
            requests.get(f"{service.url}/x", timeout=5)
        monkeypatch.undo()
    tape = store.read(tmp_path / "cassette.yaml")
    assert tape is not None
    assert len(tape.exchanges) == 3


def test_json_and_old_shapes_are_read() -> None:
    text = '{"version": 1, "interactions": [{"request": {"method": "GET", "uri": "http://x/", "body": null, "headers": {}}, "response": {"status_code": 204, "headers": {}, "content": ""}}]}'
    tape = store.parse(text, Path("x.json"))
    assert tape is not None
    assert tape.exchanges[0].response.status == 204


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"probe": True}, r"unknown key 'probe' \(did you mean 'probes'\?\)"),
        ({"probes": "yes"}, "neither true nor false"),
        ({"hosts": ["https://api.example.com"]}, "is no host"),
        ({"hosts": "api.example.com"}, "is not a list of texts"),
        ({"max_age": 90}, r'write max_age = "90 days"'),
        ({"max_body": "much"}, "is no size"),
    ],
)
def test_a_wrong_choice_is_said(said: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Choices.parse(said)


def test_an_age_is_a_number_with_its_unit() -> None:
    assert Choices.parse({"max_age": "90 days"}).max_age == 90 * 86_400
    assert Choices.parse({"max_age": "2 weeks"}).max_age == 14 * 86_400
