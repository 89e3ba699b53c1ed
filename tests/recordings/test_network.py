"""Every undeclared connection is refused and named by the line that made it, whatever library made it."""

from __future__ import annotations

import asyncio
import http.client
import inspect
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.recordings import network
from pytest_prodparity.recordings.network import Guard
from tests.recordings.service import Service

ROOT = Path(__file__).parent.parent.parent
OUTSIDE = "203.0.113.7"
"""For documentation: nobody's."""


def guard(*declared: str) -> Guard:
    return Guard(ROOT, lambda: declared)


def _here() -> int:
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


def by_socket(host: str) -> None:
    with socket.socket() as one:
        one.connect((host, 80))


def by_connect_ex(host: str) -> None:
    with socket.socket() as one:
        one.connect_ex((host, 80))


def by_create_connection(host: str) -> None:
    socket.create_connection((host, 80), timeout=5)


def by_datagram(host: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", (host, 53))


def by_urllib(host: str) -> None:
    urllib.request.urlopen(f"http://{host}/", timeout=5)


def by_http_client(host: str) -> None:
    http.client.HTTPConnection(host, timeout=5).request("GET", "/")


def by_requests(host: str) -> None:
    import requests

    requests.get(f"http://{host}/", timeout=5)


def by_httpx(host: str) -> None:
    import httpx

    httpx.get(f"http://{host}/")


def by_aiohttp(host: str) -> None:
    import aiohttp

    async def get() -> None:
        async with aiohttp.ClientSession() as session, session.get(f"http://{host}/"):
            pass

    asyncio.run(get())


def by_asyncio(host: str) -> None:
    asyncio.run(asyncio.open_connection(host, 80))


def by_thread(host: str) -> None:
    caught: list[BaseException] = []

    def connect() -> None:
        try:
            by_socket(host)
        except OSError as error:
            caught.append(error)

    thread = threading.Thread(target=connect)
    thread.start()
    thread.join()
    raise caught[0]


WAYS: list[Callable[[str], None]] = [
    by_socket,
    by_connect_ex,
    by_create_connection,
    by_datagram,
    by_urllib,
    by_http_client,
    by_requests,
    by_httpx,
    by_aiohttp,
    by_asyncio,
    by_thread,
]


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_by_address_is_refused(way: Callable[[str], None]) -> None:
    standing = guard()
    with standing.standing(), pytest.raises(Exception, match=r"prodparity|203|Cannot connect"):
        way(OUTSIDE)
    (escape,) = standing.escapes
    assert escape.host == OUTSIDE
    assert escape.source is not None
    assert escape.source.path == "tests/recordings/test_network.py"


@pytest.mark.parametrize("way", [one for one in WAYS if one not in (by_socket, by_connect_ex, by_datagram, by_thread)])
def test_a_connection_by_name_is_refused_before_the_name_is_looked_up(way: Callable[[str], None]) -> None:
    standing = guard()
    with standing.standing(), pytest.raises(Exception, match=r"not declared|api\.example\.com|Cannot connect"):
        way("api.example.com")
    (escape,) = standing.escapes
    assert escape.host == "api.example.com"
    assert escape.source is not None
    assert escape.source.path == "tests/recordings/test_network.py"


def test_the_line_of_the_code_is_named() -> None:
    standing = guard()
    with standing.standing(), pytest.raises(ConnectionRefusedError, match=f"{OUTSIDE}:80 is not declared"):  # noqa: PT012
        line = _here() + 1
        socket.create_connection((OUTSIDE, 80))
    (escape,) = standing.escapes
    assert str(escape.source) == f"tests/recordings/test_network.py:{line}"
    assert escape.where == f"{OUTSIDE}:80"


def test_this_machine_is_declared(service: Service) -> None:
    standing = guard()
    with standing.standing():
        for host in ("127.0.0.1", "localhost"):
            with urllib.request.urlopen(f"http://{host}:{service.server_address[1]}/x", timeout=5) as answer:
                assert answer.status == 200
        socket.getaddrinfo(socket.gethostname(), None)
        socket.getaddrinfo(OUTSIDE, 80)
        left, right = socket.socketpair()
        left.close()
        right.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, suppress(OSError):
            one.connect((OUTSIDE, 80))  # or the machine has no way out
    assert standing.escapes == []


@pytest.mark.parametrize("declared", [OUTSIDE, "203.0.113.*"])
def test_a_declared_host_may_be_reached(declared: str) -> None:
    standing = guard(declared)
    with standing.standing():
        assert standing.connecting(OUTSIDE, 80, by_name=False)
    assert standing.escapes == []


def test_an_address_says_nothing_once_a_declared_name_was_looked_up() -> None:
    standing = guard("*.invalid")
    with standing.standing():
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo("api.invalid", 80)
        assert standing.connecting(OUTSIDE, 80, by_name=False)
    assert standing.escapes == []


def test_outside_the_block_nothing_is_looked_at(monkeypatch: Any) -> None:
    standing = guard()
    with standing.standing():
        pass
    assert network._guard is None
    assert standing.escapes == []


def test_the_same_place_is_named_once() -> None:
    standing = guard()
    with standing.standing():
        for _ in range(3):
            with pytest.raises(OSError, match="not declared"):
                by_socket(OUTSIDE)
    assert len(standing.escapes) == 1
