"""A delay of every round trip, which is none of the server's doing."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import asyncpg
import psycopg
import pytest

from pytest_prodparity.core.latency import Latency
from pytest_prodparity.faults.kinds.reset_peer import ResetPeer
from pytest_prodparity.faults.kinds.sql_state import SqlState
from pytest_prodparity.queries.recorder import Recorder
from pytest_prodparity.wire.upstream import Upstream
from tests.postgres.faults.conftest import Broken


@pytest.fixture(scope="session")
def upstream(upstream18: Upstream) -> Upstream:
    """A delay is the same before any server."""
    return upstream18


def took(connection: psycopg.Connection[tuple[object, ...]], statement: str = "SELECT 1") -> float:
    began = time.perf_counter()
    connection.execute(statement.encode())
    return time.perf_counter() - began


def test_a_round_trip_takes_longer_and_its_trip_does_not(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        took(connection)
        broken.wire.latency = Latency(ms=200).sampler(0)
        assert min(took(connection) for _ in range(3)) >= 0.2
        broken.wire.latency = None
        slow = broken.trips[-3:]
        assert min(trip.ended - trip.started for trip in slow) < 0.1
        assert [trip.delay for trip in slow] == [0.1] * 3
        assert min(took(connection) for _ in range(5)) < 0.2
        assert broken.trips[-1].delay == 0


def test_a_trip_is_on_record_when_its_call_returns(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        broken.wire.latency = Latency(ms=2, jitter=1).sampler(0)
        for number in range(20):
            connection.execute(f"SELECT {number}".encode())
            assert broken.all[-1].statements[0].sql == f"SELECT {number}"
        broken.wire.latency = None


def test_a_connection_costs_round_trips_too(broken: Broken) -> None:
    broken.wire.latency = Latency(ms=20).sampler(0)
    began = time.perf_counter()
    psycopg.connect(broken.url()).close()
    assert time.perf_counter() - began >= 0.06
    broken.wire.latency = None


def test_many_bytes_wait_once_and_not_each(broken: Broken) -> None:
    with psycopg.connect(broken.url()) as connection:
        broken.wire.latency = Latency(ms=200).sampler(0)
        began = time.perf_counter()
        with connection.cursor().copy("COPY kept FROM STDIN") as copy:
            for number in range(30_000):
                copy.write_row((number, "x" * 100))
        with connection.cursor().copy("COPY kept TO STDOUT") as copy:
            assert sum(1 for _ in copy.rows()) == 30_000
        assert time.perf_counter() - began < 8  # each chunk for itself would take more
        broken.wire.latency = None


def test_a_thin_line_is_shared_by_what_passes(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        broken.wire.latency = Latency(ms=0, kb_per_s=200).sampler(0)
        assert took(connection, "SELECT repeat('x', 40000)") >= 0.2
        broken.wire.latency = None


def test_the_last_words_of_a_server_arrive(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        broken.wire.latency = Latency(ms=30).sampler(0)
        with pytest.raises(psycopg.errors.AdminShutdown):
            connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        broken.wire.latency = None


def test_many_connections_wait_at_the_same_time(broken: Broken) -> None:
    connections = [psycopg.connect(broken.url(), autocommit=True) for _ in range(8)]
    broken.wire.latency = Latency(ms=500).sampler(0)
    began = time.perf_counter()
    threads = [threading.Thread(target=took, args=[connection]) for connection in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.perf_counter() - began < 3
    broken.wire.latency = None
    for connection in connections:
        connection.close()


def test_faults_strike_under_latency(broken: Broken) -> None:
    broken.wire.latency = Latency(ms=5).sampler(0)
    with psycopg.connect(broken.url()) as connection:
        broken.arm(SqlState("40001"), "(1,", times=1)
        with pytest.raises(psycopg.errors.SerializationFailure):
            connection.execute("INSERT INTO kept VALUES (1, 'a')")
        connection.rollback()
        connection.execute("INSERT INTO kept VALUES (2, 'b')")
        connection.commit()
        broken.arm(ResetPeer(), "(3,", times=1)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("INSERT INTO kept VALUES (3, 'c')")
    broken.wire.latency = None
    assert broken.kept == [2]


@pytest.mark.asyncio
async def test_asyncpg_under_latency(broken: Broken) -> None:
    broken.wire.latency = Latency(ms=4, jitter=2).sampler(0)
    connection = await asyncpg.connect(broken.url())
    await connection.executemany("INSERT INTO kept VALUES ($1, $2)", [(number, "x" * 500) for number in range(3000)])
    assert await connection.fetchval("SELECT count(*) FROM kept") == 3000
    await connection.close()
    broken.wire.latency = None


def test_the_injected_wait_is_no_pause_of_the_code(broken: Broken) -> None:
    recorder = Recorder(Path(__file__).parent)
    broken.wire.taps.append(recorder)
    recorder.start()
    broken.wire.latency = Latency(ms=120).sampler(0)
    with psycopg.connect(broken.url()) as connection:
        connection.execute("INSERT INTO kept VALUES (1, 'a')")
        connection.execute("INSERT INTO kept VALUES (2, 'b')")
    broken.wire.latency = None
    trips = recorder.stop()
    assert [trip.statements[0].sql for trip in trips][-1] == "COMMIT"
    assert recorder.pauses == ()


def test_a_move_under_latency_keeps_the_client(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        broken.wire.latency = Latency(ms=5).sampler(0)
        connection.execute("SELECT 1")
        broken.wire.move(broken.upstream)
        assert connection.execute("SELECT 2").fetchone() == (2,)
        broken.wire.latency = None
        assert connection.execute("SELECT 3").fetchone() == (3,)
