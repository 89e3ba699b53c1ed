"""HTTP through a proxy: nothing is changed, and each request is a trip with its sender."""

from __future__ import annotations

import asyncio
import dataclasses
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable

import aiohttp
import httpx
import pytest
import requests
import urllib3

from pytest_prodparity.relay.relays import Relays
from pytest_prodparity.relay.trip import HttpTrip
from tests.relay.serving import ROWS, Shop, serving

Get = Callable[[str], bytes]


def _httpx_async(url: str) -> bytes:
    async def get() -> bytes:
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).content

    return asyncio.run(get())


def _aiohttp(url: str) -> bytes:
    async def get() -> bytes:
        async with aiohttp.ClientSession() as client, client.get(url) as answer:
            return await answer.read()

    return asyncio.run(get())


def _http_client(url: str) -> bytes:
    parts = httpx.URL(url)
    client = http.client.HTTPConnection(parts.host, parts.port, timeout=10)
    client.request("GET", parts.path)
    body = client.getresponse().read()
    client.close()
    return body


def _requests(url: str) -> bytes:
    with requests.get(url, timeout=10) as answer:
        return answer.content


def _urllib3(url: str) -> bytes:
    with urllib3.PoolManager() as pool:
        return pool.request("GET", url).data


CLIENTS: dict[str, Get] = {
    "requests": _requests,
    "urllib3": _urllib3,
    "httpx": lambda url: httpx.get(url).content,
    "httpx async": _httpx_async,
    "aiohttp": _aiohttp,
    "http.client": _http_client,
}


@pytest.mark.parametrize("client", CLIENTS)
def test_every_client_gets_what_the_service_says_and_its_line_is_known(
    client: str, relays: Relays, service: Shop
) -> None:
    relay = relays.open(service.url)
    for path in ("/data", "/chunked", "/close"):
        assert CLIENTS[client](relay.url + path) == ROWS
        trip = relay.trips[-1]
        assert isinstance(trip, HttpTrip)
        assert (trip.method, trip.path, trip.status, trip.struck, trip.applied, trip.broken) == (
            "GET", path, 200, False, True, False,
        )  # fmt: skip
        assert trip.source is not None
        assert trip.source.path == "test_http_passing.py"
        assert trip.bytes_in > len(ROWS)
        assert trip.ended >= trip.started
    assert service.hosts[0] == f"127.0.0.1:{relay.port}"


def test_the_line_of_each_thread_is_its_own(relays: Relays, service: Shop) -> None:
    url = relays.open(service.url).url

    def one() -> None:
        for _ in range(5):
            _requests(url + "/one")

    def two() -> None:
        for _ in range(5):
            _httpx_async(url + "/two")

    threads = [threading.Thread(target=call, name=call.__name__) for call in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {
        (trip.statements[0], frame.rpartition(" ")[2]) for trip in relays.open_ones[0].trips for frame in trip.stack
    }
    assert ("GET /one", "test_the_line_of_each_thread_is_its_own.<locals>.one") in found
    assert ("GET /one", "test_the_line_of_each_thread_is_its_own.<locals>.two") not in found
    assert ("GET /two", "_httpx_async.<locals>.get") in found


@pytest.mark.parametrize("client", CLIENTS)
def test_lines_are_found_by_the_clients_objects_where_the_kernel_does_not_tell(
    client: str, relays: Relays, service: Shop
) -> None:
    relay = relays.open(service.url)
    relay.senders._waiting.works = False
    assert CLIENTS[client](relay.url) == ROWS
    trip = relay.trips[-1]
    assert trip.source is not None, trip.actor
    assert trip.actor == "MainThread" or trip.actor.startswith("Task-")


def test_a_post_is_known_by_method_path_and_digests(relays: Relays, service: Shop) -> None:
    url = relays.open(service.url).url
    for body, key in (("a", "k"), ("a", "k"), ("b", "l")):
        requests.post(f"{url}/charge?token=secret", data=body, headers={"Idempotency-Key": key}, timeout=10)
    first, second, third = (trip for trip in relays.open_ones[0].trips if isinstance(trip, HttpTrip))
    assert first.statements == ("POST /charge",)
    assert (first.digest, first.idempotency_key) == (second.digest, second.idempotency_key)
    assert first.digest != third.digest
    assert first.idempotency_key != third.idempotency_key
    assert "secret" not in repr(first)
    assert service.charges == [b"a", b"a", b"b"]


def test_a_request_in_chunks_and_a_body_of_32_mb_pass(relays: Relays, service: Shop) -> None:
    url = relays.open(service.url).url
    requests.post(url, data=iter([b"a" * 70_000, b"b"]), timeout=10)
    assert service.charges == [b"a" * 70_000 + b"b"]
    assert len(_requests(url + "/big")) == 32 << 20


def test_connections_are_kept_and_answers_without_body_end(relays: Relays, service: Shop) -> None:
    url = relays.open(service.url).url
    with httpx.Client() as client:
        assert [client.head(url).status_code, client.get(url + "/empty").status_code] == [200, 204]
        assert client.get(url).content == ROWS
    assert [(trip.connection, trip.number) for trip in relays.open_ones[0].trips] == [(1, 1), (1, 2), (1, 3)]


def test_a_client_that_pipelines_gets_its_answers_in_order(relays: Relays, service: Shop) -> None:
    relay = relays.open(service.url)
    with socket.create_connection(("127.0.0.1", relay.port)) as client, client.makefile("rb") as said:
        client.sendall(
            b"HEAD /1 HTTP/1.1\r\n\r\nGET /empty HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\nConnection: close\r\n\r\n"
        )
        text = said.read()
    assert text.count(b"HTTP/1.1 20") == 3
    assert text.endswith(ROWS)
    assert [trip.statements for trip in relay.trips] == [("HEAD /1",), ("GET /empty",), ("GET /3",)]


def test_a_client_that_awaits_100_continue_gets_it(relays: Relays, service: Shop) -> None:
    relay = relays.open(service.url)
    with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"ok")
        assert client.recv(100).startswith(b"HTTP/1.1 200 ")
    assert service.charges == [b"ok"]


@pytest.mark.parametrize(
    ("first", "answer"),
    [
        (b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", b"HTTP/1.1 101 Switching\r\n\r\n"),
        (b"CONNECT far:443 HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 Connected\r\n\r\n"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\0\0\0frames"),
        (b"\x16\x03\x01 not HTTP\r\n\r\n", b"neither"),
    ],
)
def test_what_is_no_longer_http_passes_unseen(relays: Relays, first: bytes, answer: bytes) -> None:
    def talk(one: socket.socket) -> None:
        assert one.recv(1000) == first
        one.sendall(answer)
        while data := one.recv(1000):
            one.sendall(data)

    with serving(talk) as (_, port):
        relay = relays.open(f"http://127.0.0.1:{port}")
        with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as client, client.makefile("rb") as said:
            client.sendall(first)
            assert said.read(len(answer)) == answer
            for data in (b"\0\1\2", b"GET / HTTP/1.1\r\n\r\n"):
                client.sendall(data)
                assert said.read(len(data)) == data


def test_a_service_under_tls_is_reached_and_the_client_verifies_us(relays: Relays, service: Shop) -> None:
    inner = relays.open(service.url, tls="trusted")
    outer = relays.open(inner.url)
    assert outer.url.startswith("https://")
    with requests.get(outer.url + "/big", verify=str(outer.ca), timeout=10) as answer:
        assert len(answer.content) == 32 << 20
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(outer.url)
    assert [trip.statements for trip in outer.trips] == [("GET /big",)]


def test_a_service_elsewhere_has_to_prove_who_it_is(relays: Relays, service: Shop) -> None:
    inner = relays.open(service.url, tls="trusted")
    outer = relays.open(inner.url)
    outer.address = dataclasses.replace(outer.address, elsewhere=True)
    with pytest.raises(requests.ConnectionError):
        requests.get(outer.url, verify=str(outer.ca), timeout=10)
    assert "CERTIFICATE_VERIFY_FAILED" in (outer.unanswered or "")


def test_a_subprocess_goes_through_the_url_and_is_named(relays: Relays, service: Shop) -> None:
    url = relays.open(service.url).url
    code = "import os, urllib.request as r; print(len(r.urlopen(os.environ['URL']).read()))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "URL": url}, stdout=subprocess.PIPE, text=True
    )
    assert process.communicate(timeout=30)[0] == f"{len(ROWS)}\n"
    (trip,) = relays.open_ones[0].trips
    assert trip.source is None
    if sys.platform == "linux":
        assert trip.actor == f"process {process.pid}"


def test_a_service_that_is_not_there_is_a_reset_and_noted(relays: Relays) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    relay = relays.open(f"http://127.0.0.1:{port}")
    with pytest.raises(requests.ConnectionError):
        requests.get(relay.url, timeout=10)
    assert "refused" in (relay.unanswered or "")


def test_a_service_that_hangs_up_in_its_answer_is_a_broken_trip(relays: Relays) -> None:
    def talk(one: socket.socket) -> None:
        one.recv(1000)
        one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")

    with serving(talk) as (_, port):
        relay = relays.open(f"http://127.0.0.1:{port}")
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(relay.url, timeout=10)
    (trip,) = relay.trips
    assert trip.broken
    assert trip.applied


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_forked_child_keeps_nothing_of_the_proxies(relays: Relays, service: Shop) -> None:
    relay = relays.open(service.url)
    client = httpx.Client()
    assert client.get(relay.url).content == ROWS
    child = os.fork()
    if not child:
        signal.pause()
    try:
        relays.shut(relay)
        with socket.create_server(("127.0.0.1", relay.port)):
            pass
    finally:
        client.close()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
