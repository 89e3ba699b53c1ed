"""A wire that moves to another database takes its clients along."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import asyncpg
import psycopg
import psycopg2
import pytest
import sqlalchemy
from psycopg_pool import ConnectionPool
from sqlalchemy.ext.asyncio import create_async_engine

from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream
from tests.postgres.wire.watching import Watched, cancelled_while_it_sleeps, until


@pytest.fixture
def owner(upstream: Upstream) -> Iterator[psycopg.Connection[Any]]:
    """A connection past the wire."""
    with psycopg.connect(
        host=upstream.host, port=upstream.port, user=upstream.user, password=upstream.password,
        dbname="postgres", autocommit=True,
    ) as connection:  # fmt: skip
        yield connection


def _value(connection: Any, sql: str) -> object:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]


def test_an_idle_connection_follows_with_its_settings_and_prepared_statements(
    watched: Watched, second: Upstream, owner: psycopg.Connection[Any]
) -> None:
    with psycopg.connect(watched.url(query="?application_name=shop"), autocommit=True) as connection:
        connection.execute("SET statement_timeout = '7s'; SET search_path TO \"My Schema\", public")
        connection.execute("SELECT set_config('my.tenant', %s, false)", ["Ärger"])
        connection.execute("SET work_mem = '9MB'; RESET work_mem")
        connection.execute("PREPARE mine AS SELECT 41 + $1::int")
        connection.execute("LISTEN news")
        for number in range(7):
            connection.execute("SELECT %s::int + 1", [number])
        watched.wire.move(second)
        assert _value(connection, "SELECT current_database()") == "wire_second"
        assert _value(connection, "SHOW statement_timeout") == "7s"
        assert _value(connection, "SHOW search_path") == '"My Schema", public'
        assert _value(connection, "SELECT current_setting('my.tenant')") == "Ärger"
        assert _value(connection, "SHOW work_mem") == "4MB"
        assert _value(connection, "SHOW application_name") == "shop"
        assert _value(connection, "EXECUTE mine(1)") == 42
        assert connection.execute("SELECT %s::int + 1", [9]).fetchone() == (10,)
        connection.execute("NOTIFY news, 'here'")
        assert [note.payload for note in connection.notifies(timeout=10, stop_after=1)] == ["here"]
        reused = watched.statements[-2]
        assert (reused.sql, reused.parameters[0].value) == ("SELECT $1::int + 1", b"\0\t")
        (opened,) = watched.wire.connections
        assert opened.database == "wire_second"
    assert {trip.database for trip in watched.trips} == {"wire_first", "wire_second"}
    assert not watched.wire.lost


def test_the_end_of_the_database_that_was_left_is_no_end_of_the_connection(
    watched: Watched, upstream: Upstream, second: Upstream, owner: psycopg.Connection[Any]
) -> None:
    """A server process that is told to go just then has its last words for a closed socket, which resets it."""
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        for number in range(20):
            there = (second, upstream)[number % 2]
            (here,) = watched.wire.connections
            os.kill(here.backend, signal.SIGSTOP)
            watched.wire.move(there)
            owner.execute("SELECT pg_terminate_backend(%s)", [here.backend])
            os.kill(here.backend, signal.SIGCONT)
            assert _value(connection, "SELECT current_database()") == there.database
    assert not watched.wire.lost


def test_settings_that_did_not_take_effect_do_not_come_along(watched: Watched, second: Upstream) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        connection.execute("SET work_mem = '5MB'")
        connection.execute("BEGIN")
        connection.execute("SET work_mem = '6MB'")
        connection.execute("ROLLBACK")
        connection.execute("BEGIN; SET LOCAL lock_timeout = '3s'; SET statement_timeout = '8s'")
        connection.execute("SAVEPOINT here; SET statement_timeout = '9s'; ROLLBACK TO SAVEPOINT here")
        connection.execute("COMMIT")
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SET deadlock_timeout = '9s'; SELECT 1/0")
        watched.wire.move(second)
        assert _value(connection, "SHOW work_mem") == "5MB"
        assert _value(connection, "SHOW lock_timeout") == "0"
        assert _value(connection, "SHOW statement_timeout") == "8s"
        assert _value(connection, "SHOW deadlock_timeout") == "1s"


def test_what_was_discarded_does_not_come_along(watched: Watched, second: Upstream) -> None:
    with psycopg.connect(watched.url(), autocommit=True, prepare_threshold=0) as connection:
        connection.execute("SET work_mem = '5MB'")
        connection.execute("SELECT %s::int", [1])
        connection.execute("DISCARD ALL", prepare=False)
        watched.wire.move(second)
        assert connection.execute("SHOW work_mem", prepare=False).fetchone() == ("4MB",)
        assert connection.execute("SELECT count(*) FROM pg_prepared_statements", prepare=False).fetchone() == (0,)


def test_a_database_can_be_dropped_once_it_is_released(
    watched: Watched, second: Upstream, owner: psycopg.Connection[Any]
) -> None:
    watched.wire.move(second)
    connections = [psycopg.connect(watched.url(), autocommit=True) for _ in range(5)]
    watched.wire.release()
    owner.execute("DROP DATABASE wire_second")
    watched.wire.move(watched.upstream)
    for connection in connections:
        assert _value(connection, "SELECT current_database()") == "wire_first"
        connection.close()


def test_between_databases_clients_are_told_so(watched: Watched) -> None:
    idle = psycopg.connect(watched.url(), autocommit=True)
    watched.wire.release()
    for ask in (lambda: psycopg.connect(watched.url()), lambda: idle.execute("SELECT 1")):
        with pytest.raises(psycopg.OperationalError, match="there is no database here now"):
            ask()
    idle.close()
    watched.wire.move(watched.upstream)
    with psycopg.connect(watched.url()) as connection:
        assert _value(connection, "SELECT 1") == 1


def test_a_connection_in_a_transaction_loses_it_and_is_noted(watched: Watched, second: Upstream) -> None:
    connection = psycopg.connect(watched.url())
    connection.execute("SELECT 1")
    watched.wire.move(second)
    with pytest.raises(psycopg.errors.AdminShutdown, match="it was in a transaction"):
        connection.execute("SELECT 2")
    assert connection.broken
    connection.close()
    (lost,) = watched.wire.lost
    assert (lost.why, lost.source is not None) == ("it was in a transaction", True)
    with psycopg.connect(watched.url()) as again:
        assert _value(again, "SELECT current_database()") == "wire_second"


def test_a_statement_under_way_is_ended(watched: Watched, second: Upstream) -> None:
    connection = psycopg.connect(watched.url(), autocommit=True)
    errors: list[BaseException] = []

    def sleep() -> None:
        try:
            connection.execute("SELECT pg_sleep(30)")
        except psycopg.Error as error:
            errors.append(error)

    thread = threading.Thread(target=sleep)
    thread.start()
    until(lambda: any(opened.busy for opened in watched.wire.connections))
    watched.wire.move(second)
    thread.join(10)
    connection.close()
    assert isinstance(errors[0], psycopg.OperationalError)
    assert [lost.why for lost in watched.wire.lost] == ["a trip was under way"]
    assert watched.of("pg_sleep").broken


def test_a_cancel_request_reaches_the_new_backend(watched: Watched, second: Upstream) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        watched.wire.move(second)
        connection.execute("SELECT 1")
        with cancelled_while_it_sleeps(connection, second), pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(30)")


def test_another_user_than_the_wires_cannot_be_moved_and_is_told_so(
    watched: Watched, second: Upstream, owner: psycopg.Connection[Any]
) -> None:
    owner.execute("DROP ROLE IF EXISTS wire_other")
    owner.execute("CREATE ROLE wire_other LOGIN PASSWORD 'secret-word'")
    url = watched.url().replace(f"{watched.upstream.user}:{watched.upstream.password}", "wire_other:secret-word")
    connection = psycopg.connect(url, autocommit=True)
    assert _value(connection, "SELECT current_user") == "wire_other"
    watched.wire.move(second)
    with pytest.raises(psycopg.OperationalError, match="'wire_other' cannot move") as refused:
        connection.execute("SELECT 1")
    assert "secret-word" not in str(refused.value)
    connection.close()
    owner.execute("DROP ROLE wire_other")


def test_a_prepared_statement_that_the_new_database_refuses_takes_nothing_along(
    watched: Watched, second: Upstream
) -> None:
    with psycopg.connect(watched.url(), autocommit=True, prepare_threshold=0) as connection:
        connection.execute("CREATE TABLE only_first (id int)", prepare=False)
        try:
            connection.execute("SELECT id FROM only_first WHERE id = %s", [1])
            connection.execute("SELECT %s::int", [1])
            watched.wire.move(second)
            assert connection.execute("SELECT %s::int", [2]).fetchone() == (2,)
            with pytest.raises(psycopg.errors.InvalidSqlStatementName):
                connection.execute("SELECT id FROM only_first WHERE id = %s", [1])
        finally:
            watched.wire.move(watched.upstream)
            connection.execute("DROP TABLE only_first", prepare=False)


def test_the_upstream_may_be_made_when_it_is_first_asked_for(watched: Watched, second: Upstream) -> None:
    asked = []

    def ask() -> Upstream:
        asked.append(1)
        return second

    with psycopg.connect(watched.url(), autocommit=True) as connection:
        watched.wire.move(ask)
        assert not asked
        assert _value(connection, "SELECT current_database()") == "wire_second"
    assert asked == [1]


def test_a_pool_of_psycopg_survives(watched: Watched, second: Upstream) -> None:
    with ConnectionPool(watched.url(), min_size=3, max_size=3, open=True) as pool:
        pool.wait(20)
        for upstream, name in ((second, "wire_second"), (watched.upstream, "wire_first")) * 2:
            watched.wire.move(upstream)
            for _ in range(6):
                with pool.connection() as connection:
                    assert _value(connection, "SELECT current_database()") == name


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql+psycopg2"])
def test_an_engine_of_sqlalchemy_survives(scheme: str, watched: Watched, second: Upstream) -> None:
    engine = sqlalchemy.create_engine(watched.url(scheme), pool_size=2)
    ask = sqlalchemy.text("SELECT current_database(), CAST(:n AS int)")
    for upstream, name in ((watched.upstream, "wire_first"), (second, "wire_second")) * 2:
        watched.wire.move(upstream)
        for number in range(8):
            with engine.connect() as connection:
                assert connection.execute(ask, {"n": number}).one() == (name, number)
    engine.dispose()
    assert len({trip.connection for trip in watched.trips}) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql+asyncpg"])
async def test_an_async_engine_of_sqlalchemy_survives(scheme: str, watched: Watched, second: Upstream) -> None:
    engine = create_async_engine(watched.url(scheme), pool_size=2)
    ask = sqlalchemy.text("SELECT current_database(), CAST(:n AS int)")
    for upstream, name in ((watched.upstream, "wire_first"), (second, "wire_second")) * 2:
        watched.wire.move(upstream)
        for number in range(8):
            async with engine.connect() as connection:
                assert (await connection.execute(ask, {"n": number})).one() == (name, number)
    await engine.dispose()
    assert len({trip.connection for trip in watched.trips}) == 1


@pytest.mark.asyncio
async def test_a_connection_of_asyncpg_survives_with_its_cached_statements(watched: Watched, second: Upstream) -> None:
    connection = await asyncpg.connect(watched.url())
    prepared = await connection.prepare("SELECT $1::int * 2")
    assert await prepared.fetchval(4) == 8
    assert await connection.fetchval("SELECT $1::text", "a") == "a"
    watched.wire.move(second)
    assert await prepared.fetchval(5) == 10
    assert await connection.fetchval("SELECT $1::text", "b") == "b"
    assert await connection.fetchval("SELECT current_database()") == "wire_second"
    await connection.close()


def test_a_connection_of_psycopg2_survives(watched: Watched, second: Upstream) -> None:
    connection = psycopg2.connect(watched.url())
    with connection, connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'Asia/Tokyo'")
    watched.wire.move(second)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_setting('TimeZone')")
        assert cursor.fetchone() == ("wire_second", "Asia/Tokyo")
    connection.close()


def test_moves_under_load_break_no_idle_connection(watched: Watched, second: Upstream) -> None:
    """Clients that ask at any moment: what is idle follows, what is under way gets a FATAL; nothing hangs."""
    stop = threading.Event()
    wrong: list[str] = []

    def work() -> None:
        while not stop.is_set():
            try:
                with psycopg.connect(watched.url(), autocommit=True, prepare_threshold=0) as connection:
                    while not stop.is_set():
                        row = connection.execute("SELECT current_database(), %s::int", [3]).fetchone()
                        if row is None or row[0] not in ("wire_first", "wire_second") or row[1] != 3:
                            wrong.append(str(row))
            except psycopg.OperationalError:
                continue
            except psycopg.Error as error:
                wrong.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(15):
            watched.wire.move(second)
            seen = len(watched.all)
            until(lambda seen=seen: len(watched.all) > seen + 20)
            watched.wire.move(watched.upstream)
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)


def test_a_wire_may_begin_without_a_server(upstream: Upstream, wire: Wire) -> None:
    with Wire(None, root=wire.root) as empty:
        seen = Watched(empty, upstream)
        with pytest.raises(psycopg.OperationalError, match="there is no database here now"):
            psycopg.connect(seen.url())
        empty.move(upstream)
        with psycopg.connect(seen.url()) as connection:
            assert _value(connection, "SELECT 1") == 1
