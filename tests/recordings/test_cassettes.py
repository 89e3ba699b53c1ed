"""Recorded once, played by every library; nothing is live, and no secret is on disk."""

from __future__ import annotations

import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.recordings.cassette import NotRecorded
from tests.recordings.conftest import Open
from tests.recordings.libraries import LIBRARIES, by_requests
from tests.recordings.service import COOKIE, SECRET, TOKEN, Service

SECRETS = (TOKEN, SECRET, COOKIE)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_login_is_recorded_and_played(
    library: str, service: Service, flow: Open, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    call = LIBRARIES[library]
    with flow("all"):
        token, items, home = call(service.url)
    assert (token, items["items"], home) == (TOKEN, [1, 2], {"home": True})
    text = (tmp_path / "cassette.yaml").read_text()
    assert [secret for secret in SECRETS if secret in text] == []
    live = len(service.seen)
    import os

    with flow("none") as played:
        put = os.environ["CLIENT_SECRET"]
        token, items, home = call(service.url, put)
    assert put != SECRET
    assert token != TOKEN
    assert len(token) == len(TOKEN)
    assert (items["items"], home) == ([1, 2], {"home": True})
    assert len(service.seen) == live
    assert [one.ruling.response is not None for one in played.heard] == [True] * 4


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_one_library_recorded_another_plays(library: str, service: Service, flow: Open, monkeypatch: Any) -> None:
    monkeypatch.setenv("CLIENT_SECRET", SECRET)
    with flow("all"):
        by_requests(service.url)
    live = len(service.seen)
    with flow("none"):
        # Read before the replay, as a module does when it is imported.
        _, items, home = LIBRARIES[library](service.url, SECRET)
    assert (items["items"], home) == ([1, 2], {"home": True})
    assert len(service.seen) == live


def test_a_request_that_was_not_recorded_is_refused_by_name(service: Service, flow: Open) -> None:
    import requests

    with flow("all"):
        requests.get(f"{service.url}/one", timeout=5)
    with (
        flow("none"),
        pytest.raises(NotRecorded, match=r"GET http://127.0.0.1:\d+/two is not in the recording .*--parity-record=all"),
    ):
        requests.get(f"{service.url}/two?token=abc", timeout=5)
    assert service.seen == ["GET /one"]


def _hammer(call: Any, times: int, threads: int) -> list[Any]:
    ready = threading.Barrier(threads)

    def one(number: int) -> Any:
        if number < threads:
            ready.wait(10)
        return call(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(times)))


def _get_requests(url: str) -> int:
    import requests

    return requests.get(url, timeout=5).status_code


def _get_session(url: str) -> int:
    import requests

    with requests.Session() as session:
        return session.get(url, timeout=5).status_code


def _get_urllib3(url: str) -> int:
    import urllib3

    with urllib3.PoolManager() as pool:
        return pool.request("GET", url).status


def _get_httpx(url: str) -> int:
    import httpx

    with httpx.Client(verify=_tls()) as client:
        return client.get(url).status_code


@cache
def _tls() -> ssl.SSLContext:
    """To be made once: it reads every authority there is."""
    return ssl.create_default_context()


def _get_async_httpx(url: str) -> int:
    import asyncio

    import httpx

    async def get() -> int:
        async with httpx.AsyncClient(verify=_tls()) as client:
            return (await client.get(url)).status_code

    return asyncio.run(get())


def _get_botocore(url: str) -> int:
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    session = URLLib3Session(timeout=5)
    try:
        return int(session.send(AWSRequest("GET", url).prepare()).status_code)
    finally:
        session.close()


def _get_urllib(url: str) -> int:
    import urllib.request

    with urllib.request.urlopen(url, timeout=5) as answer:
        return int(answer.status)


def _get_http_client(url: str) -> int:
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=5)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        answer.read()
        return answer.status


def _get_aiohttp(url: str) -> int:
    import asyncio

    import aiohttp

    async def get() -> int:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            await answer.read()
            return answer.status

    return asyncio.run(get())


ONE = {
    "requests": _get_requests,
    "session": _get_session,
    "urllib3": _get_urllib3,
    "httpx": _get_httpx,
    "async httpx": _get_async_httpx,
    "botocore": _get_botocore,
    "urllib": _get_urllib,
    "http.client": _get_http_client,
    "aiohttp": _get_aiohttp,
}


@pytest.mark.parametrize("library", ONE)
def test_sixteen_threads_play_a_hundred_requests_and_none_is_live(library: str, service: Service, flow: Open) -> None:
    get = ONE[library]
    with flow("all"):
        assert _hammer(lambda number: get(f"{service.url}/x?n={number}"), 100, 16) == [200] * 100
    assert len(service.seen) == 100
    with flow("none") as played:
        assert _hammer(lambda number: get(f"{service.url}/x?n={number}"), 100, 16) == [200] * 100
    assert (played.played, len(service.seen)) == (100, 100)


def test_https_of_the_standard_library_plays_in_threads(flow: Open, tmp_path: Path) -> None:
    import urllib.request

    entries = "".join(
        f"- request: {{method: GET, uri: 'https://api.example.com/x?n={number}', body: null, headers: {{}}}}\n"
        "  response: {status: {code: 200, message: OK}, headers: {}, body: {string: 'yes'}}\n"
        for number in range(100)
    )
    (tmp_path / "cassette.yaml").write_text(f"version: 1\ninteractions:\n{entries}")

    def get(number: int) -> str:
        with urllib.request.urlopen(f"https://api.example.com/x?n={number}", timeout=5, context=_tls()) as answer:
            return str(answer.read().decode())

    with flow("none") as played:
        assert _hammer(get, 100, 16) == ["yes"] * 100
    assert played.played == 100


def test_what_came_compressed_is_kept_readable_and_played_by_all(service: Service, flow: Open, tmp_path: Path) -> None:
    import httpx
    import requests

    for recorded_with in (requests, httpx):
        with flow("all"):
            assert recorded_with.get(f"{service.url}/gzip").json()["text"] == "x" * 500
        assert "x" * 500 in (tmp_path / "cassette.yaml").read_text()
        for played_with in (requests, httpx):
            with flow("none"):
                assert played_with.get(f"{service.url}/gzip").json()["text"] == "x" * 500
