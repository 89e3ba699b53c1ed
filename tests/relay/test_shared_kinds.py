"""The kinds that are not PostgreSQL's alone: they strike HTTP and plain TCP too; the others say why they do not."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import httpx
import pytest
import requests

from pytest_prodparity.faults.kinds.bandwidth import Bandwidth
from pytest_prodparity.faults.kinds.black_hole import BlackHole
from pytest_prodparity.faults.kinds.failover import Failover
from pytest_prodparity.faults.kinds.half_open import HalfOpen
from pytest_prodparity.faults.kinds.kind import Kind
from pytest_prodparity.faults.kinds.restart import Restart
from pytest_prodparity.faults.kinds.slicer import Slicer
from pytest_prodparity.faults.kinds.slow import Slow
from pytest_prodparity.faults.kinds.starved import Starved
from pytest_prodparity.faults.kinds.terminated import Terminated
from pytest_prodparity.relay.relays import Relays
from pytest_prodparity.wire.gate import Asking, Opening
from tests.relay.serving import ROWS, Once, Shop, echo, serving

SLOW = [(Slow(seconds=0.3), 0.3), (Bandwidth(kb_per_s=5), 0.2), (Slicer(size=20, delay_ms=1), 0.04)]
Until = Callable[[Callable[[], object]], None]


@pytest.mark.parametrize("path", ["/data", "/chunked", "/close"])
@pytest.mark.parametrize(("kind", "seconds"), SLOW, ids=lambda kind: getattr(kind, "name", ""))
def test_http_takes_longer_and_is_whole(relays: Relays, service: Shop, kind: Kind, seconds: float, path: str) -> None:
    relay = relays.open(service.url)
    relays.gate = Once(kind)
    with httpx.Client() as client:
        for _ in range(2):
            began = time.monotonic()
            assert client.post(relay.url + path, content=b"x" * 100).content == ROWS
            assert time.monotonic() - began >= seconds
    assert service.charges == [b"x" * 100] * 2
    assert relay.settle(time.monotonic() + 10)
    assert [(trip.struck, trip.applied) for trip in relay.trips] == [(True, True)] * 2


@pytest.mark.parametrize(("kind", "seconds"), SLOW, ids=lambda kind: getattr(kind, "name", ""))
def test_plain_tcp_takes_longer_and_is_whole(relays: Relays, kind: Kind, seconds: float) -> None:
    with serving(echo) as (_, port):
        relay = relays.open(f"tcp://127.0.0.1:{port}")
        relay.gate = Once(kind)
        with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as client, client.makefile("rb") as said:
            for _ in range(2):
                began = time.monotonic()
                client.sendall(b"x" * 1000)
                assert said.read(1000) == b"x" * 1000
                assert time.monotonic() - began >= seconds


def test_a_half_open_connection_stays_open_at_the_service_until_the_lift(relays: Relays, until: Until) -> None:
    ended: list[bool] = []

    def talk(one: socket.socket) -> None:
        try:
            echo(one)
        finally:
            ended.append(True)

    with serving(talk) as (_, port):
        relay = relays.open(f"tcp://127.0.0.1:{port}")
        with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as client:
            client.sendall(b"one")
            assert client.recv(3) == b"one"
            relay.gate = Once(HalfOpen())
            client.sendall(b"two")
            with pytest.raises(ConnectionResetError):
                client.recv(3)
        relay.gate = None
        assert relay.settle(time.monotonic() + 10)
        assert not ended
        relay.lift()
        until(lambda: ended)


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the option is Linux's")
def test_a_clients_own_network_deadline_ends_a_black_hole(relays: Relays, service: Shop) -> None:
    relay = relays.open(service.url)
    relays.gate = Once(BlackHole())
    with socket.create_connection(("127.0.0.1", relay.port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 200)
        client.settimeout(10)
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            client.recv(1)


@pytest.mark.parametrize("kind", [Slow(seconds=30), Bandwidth(kb_per_s=0.001), Slicer(delay_ms=5000)])
def test_the_lift_ends_what_would_take_long(relays: Relays, service: Shop, kind: Kind, until: Until) -> None:
    relay = relays.open(service.url)
    gate = relays.gate = Once(kind)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        until(lambda: any(isinstance(asked, Asking) for asked in gate.asked))
        relays.gate = None
        relays.lift()
        while True:
            try:
                if not client.recv(1000):
                    break
            except ConnectionResetError:
                break
    assert time.monotonic() - began < 5
    assert requests.get(relay.url, timeout=10).content == ROWS


@pytest.mark.parametrize("kind", [Failover(), Restart(), Starved(connections=1), Terminated()])
@pytest.mark.parametrize("protocol", ["http", "tcp"])
def test_what_is_postgresqls_alone_says_so(kind: Kind, protocol: str) -> None:
    of = {"protocol": protocol, "connection": 1, "source": None, "stack": (), "actor": "", "at": 0.0}
    for asking in (Asking(number=1, statements=("GET /",), state="", **of), Opening(**of)):  # type: ignore[arg-type]
        assert kind.fits(asking) is not None
