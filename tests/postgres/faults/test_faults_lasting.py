"""Faults that slow down, and faults of the whole server."""

from __future__ import annotations

import threading
import time

import asyncpg
import psycopg
import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.faults.kinds.bandwidth import Bandwidth
from pytest_prodparity.faults.kinds.failover import Failover
from pytest_prodparity.faults.kinds.half_open import HalfOpen
from pytest_prodparity.faults.kinds.kind import Kind
from pytest_prodparity.faults.kinds.refuse import Refuse
from pytest_prodparity.faults.kinds.reply_lost import ReplyLost
from pytest_prodparity.faults.kinds.restart import Restart
from pytest_prodparity.faults.kinds.slicer import Slicer
from pytest_prodparity.faults.kinds.slow import Slow
from pytest_prodparity.faults.kinds.sql_state import SqlState
from pytest_prodparity.faults.kinds.starved import Starved
from pytest_prodparity.faults.kinds.terminated import Terminated
from pytest_prodparity.wire.gate import Asking, Opening
from pytest_prodparity.wire.line import Line
from tests.postgres.faults.conftest import Broken
from tests.postgres.wire.watching import until


def test_a_half_open_session_keeps_its_locks_until_the_end(broken: Broken) -> None:
    broken.past("INSERT INTO kept VALUES (1, 'a')")
    broken.arm(HalfOpen(), "COMMIT")
    with psycopg.connect(broken.url()) as connection:
        connection.execute("UPDATE kept SET note = 'b'")
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
    with pytest.raises(psycopg.errors.LockNotAvailable):
        broken.past("SELECT * FROM kept FOR UPDATE NOWAIT")
    assert broken.wire.lift()
    assert broken.past("SELECT note FROM kept FOR UPDATE NOWAIT") == [("a",)]


def test_a_slow_statement_is_done_later(broken: Broken) -> None:
    broken.arm(Slow(seconds=0.2), "INSERT", times=1)
    with psycopg.connect(broken.url()) as connection:
        began = time.monotonic()
        connection.execute("INSERT INTO kept VALUES (1, 'a')")
        assert time.monotonic() - began >= 0.2
    assert broken.kept == [1]


def test_a_slow_statement_ends_with_the_servers_statement_timeout(broken: Broken) -> None:
    broken.arm(Slow(seconds=20), "INSERT", times=1)
    with psycopg.connect(broken.url(query="?options=-c%20statement_timeout%3D150ms")) as connection:
        with pytest.raises(psycopg.errors.QueryCanceled, match="due to statement timeout"):
            connection.execute("INSERT INTO kept VALUES (1, 'a')")
        connection.rollback()
        connection.execute("INSERT INTO kept VALUES (2, 'b')")
    assert broken.kept == [2]


def test_a_slow_statement_can_be_cancelled(broken: Broken) -> None:
    gate = broken.arm(Slow(seconds=20), "INSERT", times=1)
    with psycopg.connect(broken.url()) as connection:

        def cancel() -> None:
            until(lambda: gate.struck)
            connection.cancel_safe()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        with pytest.raises(psycopg.errors.QueryCanceled, match="due to user request"):
            connection.execute("INSERT INTO kept VALUES (1, 'a')")
        canceller.join()
        connection.rollback()


@pytest.mark.asyncio
async def test_asyncpgs_timeout_ends_a_slow_statement(broken: Broken) -> None:
    connection = await asyncpg.connect(broken.url())
    try:
        broken.arm(Slow(seconds=20), "slowly", times=1)
        with pytest.raises(TimeoutError):
            await connection.fetchval("SELECT 1 AS slowly", timeout=0.2)
        assert await connection.fetchval("SELECT 2") == 2
    finally:
        await connection.close()


def test_what_is_slow_when_the_faults_are_lifted_goes_on_at_once(broken: Broken) -> None:
    gate = broken.arm(Slow(seconds=60), "INSERT", times=1)

    def lift() -> None:
        until(lambda: gate.struck)
        broken.wire.lift()

    lifter = threading.Thread(target=lift)
    lifter.start()
    with psycopg.connect(broken.url()) as connection:
        connection.execute("INSERT INTO kept VALUES (1, 'a')")
    lifter.join()
    assert broken.kept == [1]


def test_faults_lifted_before_a_slow_statement_waits_do_not_end_it(broken: Broken) -> None:
    lifting: list[threading.Thread] = []

    class Late(Slow):
        """Asks for the session's statement_timeout when it is lifted already."""

        def strike(self, line: Line) -> None:
            lifter = threading.Thread(target=broken.wire.lift)
            lifter.start()
            until(lambda: line.lifted)
            lifting.append(lifter)
            super().strike(line)

    broken.arm(Late(seconds=60), "INSERT", times=1)
    with psycopg.connect(broken.url()) as connection:
        connection.execute("INSERT INTO kept VALUES (1, 'a')")
    lifting[0].join()
    assert broken.kept == [1]


def test_a_thin_line_takes_its_time(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        broken.arm(Bandwidth(kb_per_s=100), "repeat")
        began = time.monotonic()
        assert connection.execute("SELECT repeat('x', 20000)").fetchone() == ("x" * 20_000,)
        assert time.monotonic() - began >= 0.19


def test_a_sliced_answer_is_the_same_answer(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        broken.arm(Slicer(size=3), "generate_series")
        rows = connection.execute("SELECT generate_series(1, 100)").fetchall()
    assert rows == [(number,) for number in range(1, 101)]


def test_a_terminated_session_says_so(broken: Broken) -> None:
    broken.arm(Terminated(), "INSERT")
    with psycopg.connect(broken.url()) as connection:
        with pytest.raises(psycopg.errors.AdminShutdown, match="terminating connection due to administrator command"):
            connection.execute("INSERT INTO kept VALUES (1, 'a')")
        assert connection.closed


def test_after_a_failover_old_sessions_can_only_read_and_new_ones_write_again(broken: Broken) -> None:
    with (
        psycopg.connect(broken.url()) as struck,
        psycopg.connect(broken.url()) as busy,
        psycopg.connect(broken.url(), autocommit=True) as idle,
    ):
        struck.execute("INSERT INTO kept VALUES (1, 'a')")
        busy.execute("INSERT INTO kept VALUES (2, 'b')")
        assert idle.execute("SELECT 1").fetchone() == (1,)
        broken.arm(Failover(seconds=0.3), "COMMIT", times=1)
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            struck.commit()
        with pytest.raises(psycopg.OperationalError):
            busy.commit()
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            idle.execute("INSERT INTO kept VALUES (3, 'c')")
        with psycopg.connect(broken.url(), autocommit=True) as early:
            if time.monotonic() - began < 0.3:
                with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                    early.execute("INSERT INTO kept VALUES (4, 'd')")
        until(lambda: time.monotonic() - began > 0.3)
        with psycopg.connect(broken.url(), autocommit=True) as late:
            late.execute("INSERT INTO kept VALUES (5, 'e')")
        idle.execute("RESET ALL")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            idle.execute("INSERT INTO kept VALUES (6, 'f')")
        assert broken.wire.lift()
        idle.execute("INSERT INTO kept VALUES (7, 'g')")
    assert broken.kept == [5, 7]


def test_a_restart_ends_every_session_and_lets_nobody_in_for_a_while(broken: Broken) -> None:
    with psycopg.connect(broken.url()) as struck, psycopg.connect(broken.url(), autocommit=True) as idle:
        gate = broken.arm(Restart(seconds=60), "restarts")
        with pytest.raises(psycopg.errors.AdminShutdown):
            struck.execute("SELECT 1 AS restarts")
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="the database system is starting up"):
            psycopg.connect(broken.url())
        assert gate.struck == 1
    assert broken.wire.lift()
    with psycopg.connect(broken.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_starved_server_takes_so_many_clients_and_no_more(broken: Broken) -> None:
    broken.arm(Starved(connections=2))
    first, second = psycopg.connect(broken.url()), psycopg.connect(broken.url())
    with first, second:  # noqa: SIM117  # the two are there before the third comes
        with pytest.raises(psycopg.OperationalError, match="sorry, too many clients already"):
            psycopg.connect(broken.url())
    until(lambda: not broken.wire.connections)
    with psycopg.connect(broken.url()):
        pass


def test_a_port_that_is_shut_refuses_until_the_faults_are_lifted(broken: Broken) -> None:
    port = broken.wire.port
    with psycopg.connect(broken.url(), autocommit=True) as older:
        gate = broken.arm(Refuse(closed=True))
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(broken.url())
        for _ in range(2):
            with pytest.raises(psycopg.OperationalError, match="Connection refused"):
                psycopg.connect(broken.url())
        assert gate.struck == 1
        assert older.execute("SELECT 1").fetchone() == (1,)
        assert broken.wire.lift()
        assert older.execute("SELECT 1").fetchone() == (1,)
    with psycopg.connect(broken.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert broken.wire.port == port


def test_a_move_during_a_fault_leaves_nothing(broken: Broken) -> None:
    gate = broken.arm(Slow(seconds=60), "slowly")
    raised: list[BaseException] = []

    def work() -> None:
        try:
            with psycopg.connect(broken.url(), autocommit=True) as connection:
                connection.execute("SELECT 1 AS slowly")
        except psycopg.Error as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: gate.struck)
    broken.wire.move(broken.upstream)
    thread.join(5)
    assert raised


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: SqlState("4001"), "SqlState('4001'): an error's SQLSTATE is five digits or capitals"),
        (lambda: Slow(seconds=0), "Slow(seconds=0) is no time"),
        (lambda: Bandwidth(kb_per_s=-1), "Bandwidth(kb_per_s=-1) is no rate"),
        (lambda: Slicer(size=0), "Slicer(size=0, delay_ms=0.1): a piece has at least 1 byte"),
        (lambda: Starved(connections=-1), "Starved(connections=-1): a server has no fewer than 0"),
        (
            lambda: Refuse(sqlstate="53300", closed=True),
            "Refuse(sqlstate='53300', closed=True): where nobody listens, nobody says 53300",
        ),
        (lambda: Failover(seconds=-1), "Failover(seconds=-1) is no time"),
        (lambda: Restart(seconds=float("nan")), "Restart(seconds=nan) is no time"),
    ],
)
def test_a_wrong_fault_is_named(wrong: object, says: str) -> None:
    assert callable(wrong)
    with pytest.raises(UsageError) as raised:
        wrong()
    assert says in str(raised.value)


def asking(*statements: str, state: str = "T", protocol: str = "postgres") -> Asking:
    return Asking(
        protocol=protocol, connection=1, number=1, statements=statements, state=state, source=None, stack=(), actor="", at=0
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "trip", "says"),
    [
        (SqlState("40001"), asking("UPDATE t SET a = 1"), None),
        (SqlState("40001"), asking("COMMIT"), None),
        (SqlState("40P01"), asking("commit"), "a COMMIT cannot end in 40P01"),
        (SqlState("40001"), asking("BEGIN", state="I"), "BEGIN touches no row, so it cannot end in 40001"),
        (SqlState("40001"), asking("SELECT 1", state="E"), "the transaction has failed already"),
        (SqlState("53300"), asking("SELECT 1"), "the client is connected already"),
        (SqlState("40001"), asking("GET /", state="", protocol="http"), "http has no SQLSTATE"),
        (ReplyLost(), asking("COPY t (a, b) FROM STDIN (FORMAT csv)"), "before it has the rows"),
        (ReplyLost(), asking("COPY t TO STDOUT"), None),
        (Terminated(), asking("GET /", protocol="http"), "http has no backends"),
        (Starved(), asking("SELECT 1"), "the client is connected already"),
        (Slow(), Opening(connection=1, source=None, stack=(), actor="", at=0), "here a client only connects"),
    ],
)
def test_a_fault_that_cannot_happen_says_why(fault: Kind, trip: Asking | Opening, says: str | None) -> None:
    found = fault.fits(trip)
    assert (found is None) if says is None else (found is not None and says in found)
