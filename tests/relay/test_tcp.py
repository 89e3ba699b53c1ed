"""Any other protocol through a proxy: trips by who speaks, and the faults that need no protocol."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.core.latency import Latency
from pytest_prodparity.faults.kinds.black_hole import BlackHole
from pytest_prodparity.faults.kinds.kind import Kind
from pytest_prodparity.faults.kinds.reply_lost import ReplyLost
from pytest_prodparity.faults.kinds.reset_peer import ResetPeer
from pytest_prodparity.relay.relay import Relay
from pytest_prodparity.relay.relays import Relays
from pytest_prodparity.relay.tcp import names
from pytest_prodparity.wire.gate import Asking
from tests.relay.serving import Once, echo, serving

Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def heard() -> list[bytes]:
    return []


@pytest.fixture
def relay(relays: Relays, heard: list[bytes]) -> Iterator[Relay]:
    """Before a service that says what it hears."""

    def talk(one: socket.socket) -> None:
        while data := one.recv(65536):
            heard.append(data)
            one.sendall(data)

    with serving(talk) as (_, port):
        made = relays.open(f"redis://127.0.0.1:{port}")
        yield made
        relays.shut(made)


def connect(relay: Relay) -> socket.socket:
    return socket.create_connection(("127.0.0.1", relay.port), timeout=10)


def ask(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    answer = b""
    while len(answer) < len(data):
        more = client.recv(65536)
        if not more:
            raise ConnectionError("an end")
        answer += more
    return answer


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"*3\r\n$3\r\nset\r\n$1\r\nk\r\n$6\r\nsecret\r\n", ("SET",)),
        (b"*1\r\n$5\r\nMULTI\r\n*2\r\n$3\r\nGET\r\n$2\r\nxy\r\n*1\r\n$4\r\nEXEC\r\n", ("MULTI", "GET", "EXEC")),
        (b"*2\r\n$3\r\nGET\r\n$9", ("GET",)),
        (b"get secret\r\n", ("GET",)),
        (b"\x00\x01binary", ("bytes",)),
        (b"*x\r\n", ("bytes",)),
        (b"*1\r\n$3\r\n\xff\xff\xff\r\n", ("bytes",)),
    ],
)
def test_a_trip_has_the_names_of_its_commands_and_no_value(data: bytes, named: tuple[str, ...]) -> None:
    assert names(data) == named


def test_what_a_client_sends_after_the_service_has_spoken_is_a_trip(relay: Relay) -> None:
    with connect(relay) as client:
        ask(client, b"PING\r\n")
        ask(client, b"\0" * 1000)
        ask(client, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
    assert relay.settle(time.monotonic() + 10)
    assert [(trip.number, trip.statements) for trip in relay.trips] == [(1, ("PING",)), (2, ("bytes",)), (3, ("GET",))]
    trip = relay.trips[0]
    assert (trip.bytes_out, trip.bytes_in, trip.applied, trip.struck) == (6, 6, True, False)
    assert trip.source is not None
    assert trip.source.function == "ask"


@pytest.mark.parametrize(
    ("kind", "applied"), [(ResetPeer(), False), (ReplyLost(), True)], ids=["reset before", "reply lost"]
)
def test_a_reset_and_whether_the_service_had_heard(
    relay: Relay, heard: list[bytes], kind: Kind, applied: bool, until: Until
) -> None:
    with connect(relay) as client:
        ask(client, b"one\r\n")
        relay.gate = Once(kind)
        with pytest.raises(ConnectionResetError):
            ask(client, b"two\r\n")
    until(lambda: len(relay.trips) == 2)
    assert heard == ([b"one\r\n", b"two\r\n"] if applied else [b"one\r\n"])
    assert (relay.trips[1].struck, relay.trips[1].applied) == (True, applied)


def test_a_black_hole_swallows_until_the_lift(relay: Relay, heard: list[bytes], until: Until) -> None:
    gate = relay.gate = Once(BlackHole())
    with connect(relay) as client:
        client.sendall(b"one\r\n")
        until(lambda: any(isinstance(asked, Asking) for asked in gate.asked))
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert heard == []
        relay.gate = None
        relay.lift()
        client.settimeout(10)
        with pytest.raises(ConnectionResetError):
            client.recv(1)
    with connect(relay) as client:
        assert ask(client, b"back\r\n") == b"back\r\n"


def test_a_strike_that_does_nothing_changes_nothing(relay: Relay) -> None:
    class Nothing:
        def opening(self, _: object) -> None:
            return None

        def asking(self, _: object) -> Callable[[object], None]:
            return lambda _: None

    relay.gate = Nothing()
    with connect(relay) as client:
        assert ask(client, b"one\r\n") == b"one\r\n"
        assert ask(client, b"two\r\n") == b"two\r\n"


def test_a_delay_is_of_each_round_trip_and_not_in_its_times(relay: Relay) -> None:
    relay.latency = Latency(ms=200).sampler(0)
    with connect(relay) as client:
        began = time.monotonic()
        ask(client, b"x" * 100)
        ask(client, b"y" * 2_000_000)
        assert 0.4 <= time.monotonic() - began < 5
    assert relay.settle(time.monotonic() + 10)
    assert all(trip.ended - trip.started < 0.1 for trip in relay.trips)


def test_a_bandwidth_takes_its_time(relay: Relay) -> None:
    relay.latency = Latency(ms=0, kb_per_s=1000).sampler(0)
    with connect(relay) as client:
        began = time.monotonic()
        ask(client, b"x" * 200_000)
        assert time.monotonic() - began >= 0.2


def test_a_service_that_speaks_first_is_heard(relays: Relays) -> None:
    def talk(one: socket.socket) -> None:
        one.sendall(b"220 welcome\r\n")
        echo(one)

    with serving(talk) as (_, port):
        relay = relays.open(f"smtp://127.0.0.1:{port}")
        with connect(relay) as client:
            assert client.recv(100) == b"220 welcome\r\n"
            assert ask(client, b"EHLO x\r\n") == b"EHLO x\r\n"


def test_a_client_that_stops_sending_still_hears(relays: Relays) -> None:
    def talk(one: socket.socket) -> None:
        data = b""
        while more := one.recv(1000):
            data += more
        one.sendall(data.upper())

    with serving(talk) as (_, port):
        relay = relays.open(f"tcp://127.0.0.1:{port}")
        with connect(relay) as client:
            client.sendall(b"whole")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(100) == b"WHOLE"
            assert client.recv(100) == b""


def test_a_client_that_does_not_read_holds_nobody_else_up(relay: Relay) -> None:
    with connect(relay) as deaf, connect(relay) as client:
        deaf.settimeout(0.2)
        with pytest.raises(TimeoutError):
            deaf.sendall(b"x" * 200_000_000)
        assert ask(client, b"one\r\n") == b"one\r\n"


def test_services_at_a_unix_socket_and_on_ipv6(relays: Relays) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        place = str(Path(folder) / "s.sock")
        with serving(echo, socket.AF_UNIX, place), connect(relays.open(f"unix://{place}")) as client:
            assert ask(client, b"one\r\n") == b"one\r\n"
    if not socket.has_ipv6 or (not Path("/proc/net/if_inet6").exists() and os.uname().sysname == "Linux"):
        return
    with (
        serving(echo, socket.AF_INET6, ("::1", 0)) as where,
        connect(relays.open(f"tcp://[::1]:{where[1]}")) as client,
    ):
        assert ask(client, b"one\r\n") == b"one\r\n"


def test_closing_frees_port_and_threads_while_clients_are_there(relays: Relays, relay: Relay) -> None:
    with connect(relay) as client:
        ask(client, b"one\r\n")
        relays.shut(relay)
        with pytest.raises(ConnectionError):
            ask(client, b"two\r\n")
    with socket.create_server(("127.0.0.1", relay.port)):
        pass


def test_what_a_tap_raises_breaks_nothing_and_is_kept(relay: Relay) -> None:
    class Broken:
        def trip(self, _: object) -> None:
            raise RuntimeError("a tap")

    relay.taps.append(Broken())
    with connect(relay) as client:
        assert ask(client, b"one\r\n") == b"one\r\n"
    assert str(relay.failure) == "a tap"


def test_what_a_gate_raises_ends_the_connection_and_is_kept(relay: Relay) -> None:
    class Broken:
        def opening(self, _: object) -> None:
            return None

        def asking(self, _: object) -> None:
            raise RuntimeError("a gate")

    relay.gate = Broken()
    with connect(relay) as client, pytest.raises(ConnectionError):
        ask(client, b"one\r\n")
    assert str(relay.failure) == "a gate"


@pytest.mark.parametrize(
    ("url", "tls", "said"),
    [
        ("http://127.0.0.1", "outdated", "tls='outdated' is none of 'trusted', 'expired'"),
        ("redis://127.0.0.1", "expired", "tls='expired' is for HTTP, and redis:// is not"),
    ],
)
def test_tls_that_cannot_be_is_refused(relays: Relays, url: str, tls: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        relays.open(url, tls=tls)
    assert said in str(caught.value)
