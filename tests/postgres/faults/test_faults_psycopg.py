"""psycopg 3 under faults: its own exceptions, and the server's transaction in the state that such an error leaves."""

from __future__ import annotations

import select
import socket
import threading
import time
from pathlib import Path

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from pytest_prodparity.faults.kinds.black_hole import BlackHole
from pytest_prodparity.faults.kinds.refuse import Refuse
from pytest_prodparity.faults.kinds.reply_lost import ReplyLost
from pytest_prodparity.faults.kinds.reset_peer import ResetPeer
from pytest_prodparity.faults.kinds.sql_state import SqlState
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream
from tests.postgres.faults.conftest import Arming, Broken
from tests.postgres.wire.watching import line, until

HERE = "test_faults_psycopg.py"


def test_a_gate_is_asked_for_each_trip_with_its_line_before_it_is_sent_on(broken: Broken) -> None:
    gate = broken.arm(ResetPeer(), "never")
    with psycopg.connect(broken.url()) as connection:
        connection.execute("INSERT INTO kept VALUES (%s, 'a')", [1])  # asks
    (opening,) = gate.openings
    begin, insert, commit = gate.asked
    assert (begin.statements, begin.state) == (("BEGIN",), "I")
    assert (insert.statements, insert.state) == (("INSERT INTO kept VALUES ($1, 'a')",), "T")
    assert str(insert.source) == f"{HERE}:{line('asks')}"
    assert insert.stack
    assert insert.actor == "MainThread"
    assert (commit.statements, commit.state, commit.connection) == (("COMMIT",), "T", opening.connection)
    assert [asking.number for asking in gate.asked] == [trip.number for trip in broken.trips]
    assert broken.kept == [1]


def test_a_reset_before_the_commit_rolls_back(broken: Broken) -> None:
    broken.arm(ResetPeer(), "COMMIT")
    with psycopg.connect(broken.url()) as connection:
        connection.execute("INSERT INTO kept VALUES (1, 'a')")
        with pytest.raises(psycopg.OperationalError) as raised:
            connection.commit()
        assert raised.value.sqlstate is None
        assert connection.closed
        assert broken.sessions == []
    assert broken.kept == []
    last = broken.trips[-1]
    assert last.broken
    assert last.statements[0].tag is None


def test_a_lost_reply_leaves_what_was_committed(broken: Broken) -> None:
    broken.arm(ReplyLost(), "COMMIT")
    with psycopg.connect(broken.url()) as connection:
        connection.execute("INSERT INTO kept VALUES (1, 'a')")
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
    assert broken.kept == [1]
    assert broken.trips[-1].statements[0].tag == "COMMIT"


@pytest.mark.parametrize("prepare", [False, True])
def test_an_sqlstate_in_a_transaction_aborts_it(broken: Broken, prepare: bool) -> None:
    with psycopg.connect(broken.url()) as connection:
        connection.execute("INSERT INTO kept VALUES (1, 'a')")
        connection.execute("SAVEPOINT before")
        broken.arm(SqlState("40001"), "(2,", times=1)
        with pytest.raises(psycopg.errors.SerializationFailure) as raised:
            connection.execute("INSERT INTO kept VALUES (2, %s)", ["b"], prepare=prepare)
        assert raised.value.diag.message_primary == "could not serialize access due to concurrent update"
        assert raised.value.diag.severity_nonlocalized == "ERROR"
        assert connection.info.transaction_status == TransactionStatus.INERROR
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("SELECT 1")
        connection.execute("ROLLBACK TO before")
        connection.execute("INSERT INTO kept VALUES (2, %s)", ["b"], prepare=prepare)
    assert broken.kept == [1, 2]


def test_an_sqlstate_without_a_transaction_undoes_the_statement_only(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        broken.arm(SqlState("57014"), "INSERT", times=1)
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("INSERT INTO kept VALUES (1, 'a')")
        assert connection.info.transaction_status == TransactionStatus.IDLE
        connection.execute("INSERT INTO kept VALUES (2, 'b')")
    assert broken.kept == [2]


def test_a_commit_that_fails_is_rolled_back_and_the_session_idle(broken: Broken) -> None:
    with psycopg.connect(broken.url()) as connection:
        connection.execute("INSERT INTO kept VALUES (1, 'a')")
        broken.arm(SqlState("40001"), "COMMIT", times=1)
        with pytest.raises(psycopg.errors.SerializationFailure):
            connection.commit()
        assert connection.info.transaction_status == TransactionStatus.IDLE
        assert broken.sessions == ["idle"]
        connection.execute("INSERT INTO kept VALUES (2, 'b')")
    assert broken.kept == [2]


def test_a_pipeline_fails_at_its_statement_and_goes_on_after_the_sync(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        broken.arm(SqlState("40P01"), "(2,", times=1)
        with connection.pipeline() as pipeline:
            connection.execute("INSERT INTO kept VALUES (1, 'a')")
            pipeline.sync()
            failing = connection.execute("INSERT INTO kept VALUES (2, 'b')")
            with pytest.raises(psycopg.errors.DeadlockDetected):
                pipeline.sync()
            connection.execute("INSERT INTO kept VALUES (3, 'c')")
        assert failing.rowcount == -1
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (2,)
    assert broken.kept == [1, 3]


def test_several_syncs_in_one_chunk_are_asked_one_after_the_other(broken: Broken) -> None:
    gate = broken.arm(SqlState("40001"), "(2)")
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        pq = connection.pgconn
        pq.enter_pipeline_mode()
        for statement in (b"BEGIN", b"SELECT (1)", b"SELECT (2)", b"SELECT (3)"):
            pq.send_query_params(statement, None)
            pq.pipeline_sync()
        pq.flush()
        said: list[tuple[str, str]] = []
        while len([each for each in said if each[0] == "PIPELINE_SYNC"]) < 4:
            while pq.is_busy():  # get_result would wait with the interpreter's lock held
                select.select([pq.socket], [], [], 10)
                pq.consume_input()
            result = pq.get_result()
            if result is not None:
                said.append(
                    (
                        psycopg.pq.ExecStatus(result.status).name,
                        (result.error_field(psycopg.pq.DiagnosticField.SQLSTATE) or b"").decode(),
                    )
                )
        pq.exit_pipeline_mode()
        assert [each for each in said if each[0] != "PIPELINE_SYNC"] == [
            ("COMMAND_OK", ""), ("TUPLES_OK", ""), ("FATAL_ERROR", "40001"), ("FATAL_ERROR", "25P02"),
        ]  # fmt: skip
        connection.rollback()
    assert [asking.state for asking in gate.asked[:4]] == ["I", "T", "T", "E"]


def test_a_pipeline_that_was_read_from_before_its_sync_is_struck_later(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        gate = broken.arm(SqlState("40001"), "SELECT")
        with connection.pipeline() as pipeline:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert connection.execute("SELECT 2").fetchone() == (2,)
            pipeline.sync()
            connection.execute("SELECT 3")
            with pytest.raises(psycopg.errors.SerializationFailure):
                pipeline.sync()
    assert [(asking.begun, len(asking.statements)) for asking in gate.asked] == [(True, 2), (False, 1)]


def test_a_prepared_statement_outlives_the_fault(broken: Broken) -> None:
    with psycopg.connect(broken.url(), autocommit=True) as connection:
        connection.execute("INSERT INTO kept VALUES (%s, 'a')", [1], prepare=True)
        broken.arm(SqlState("53100"), "INSERT", times=1)
        with pytest.raises(psycopg.errors.DiskFull):
            connection.execute("INSERT INTO kept VALUES (%s, 'a')", [2], prepare=True)
        connection.execute("INSERT INTO kept VALUES (%s, 'a')", [3], prepare=True)
        assert connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (1,)
    assert broken.kept == [1, 3]


def test_a_long_query_is_replaced_whole(broken: Broken) -> None:
    text = "x" * 3_000_000
    with psycopg.connect(broken.url()) as connection:
        broken.arm(SqlState("40001"), "INSERT", times=1)
        with pytest.raises(psycopg.errors.SerializationFailure):
            psycopg.ClientCursor(connection).execute("INSERT INTO kept VALUES (1, %s)", [text])
        connection.rollback()
        psycopg.ClientCursor(connection).execute("INSERT INTO kept VALUES (2, %s)", [text])
    assert broken.kept == [2]


def test_a_copy_passes_a_gate(broken: Broken) -> None:
    broken.arm(ResetPeer(), "never")
    with psycopg.connect(broken.url()) as connection:
        with connection.cursor().copy("COPY kept FROM STDIN") as copy:
            for number in range(20_000):
                copy.write_row((number, "x" * 50))
        with connection.cursor().copy("COPY kept TO STDOUT") as copy:
            assert sum(1 for _ in copy.rows()) == 20_000
        big = connection.execute("SELECT repeat('x', 1000) FROM generate_series(1, 20000)").fetchall()
    assert len(big) == 20_000
    assert len(broken.kept) == 20_000


def test_a_copy_can_be_refused_before_it_begins(broken: Broken) -> None:
    with psycopg.connect(broken.url()) as connection:
        broken.arm(SqlState("53100"), "COPY", times=1)
        with pytest.raises(psycopg.errors.DiskFull), connection.cursor().copy("COPY kept FROM STDIN") as copy:
            copy.write_row((1, "a"))
        connection.rollback()
        connection.execute("INSERT INTO kept VALUES (2, 'b')")
    assert broken.kept == [2]


def test_a_black_hole_keeps_the_client_until_the_faults_are_lifted(broken: Broken) -> None:
    raised: list[BaseException] = []

    def work() -> None:
        try:
            with psycopg.connect(broken.url()) as connection:
                connection.execute("INSERT INTO kept VALUES (1, 'a')")
                connection.execute("SELECT 1 AS swallowed")
        except psycopg.Error as error:
            raised.append(error)

    gate = broken.arm(BlackHole(), "swallowed")
    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: gate.struck)
    assert broken.sessions == ["idle in transaction"]
    assert thread.is_alive()
    assert broken.wire.lift()
    thread.join(5)
    assert isinstance(raised[0], psycopg.OperationalError)
    assert broken.sessions == []


def test_a_session_in_a_black_hole_keeps_its_locks_when_the_client_gives_up(broken: Broken) -> None:
    broken.past("INSERT INTO kept VALUES (1, 'a')")
    gate = broken.arm(BlackHole(), "swallowed")
    connection = psycopg.connect(broken.url())
    connection.execute("UPDATE kept SET note = 'b'")
    connection.pgconn.send_query(b"SELECT 1 AS swallowed")
    until(lambda: gate.struck)
    connection.close()
    until(lambda: not broken.wire.connections)
    with pytest.raises(psycopg.errors.LockNotAvailable):
        broken.past("SELECT * FROM kept FOR UPDATE NOWAIT")
    assert broken.wire.lift()
    assert broken.past("SELECT note FROM kept FOR UPDATE NOWAIT") == [("a",)]


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="an option of Linux")
def test_a_black_hole_ends_with_the_clients_own_tcp_deadline(broken: Broken) -> None:
    broken.arm(BlackHole(), "swallowed")
    with psycopg.connect(broken.url(query="?tcp_user_timeout=200")) as connection:
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1 AS swallowed")
        assert time.monotonic() - began >= 0.19


def test_a_wire_that_closes_ends_what_is_held(broken: Broken, upstream: Upstream) -> None:
    with Wire(lambda: upstream, root=Path(__file__).parent) as wire:
        gate = wire.gate = Arming(fault=BlackHole(), part="swallowed")
        connection = psycopg.connect(broken.url().replace(f":{broken.wire.port}/", f":{wire.port}/"))
        connection.pgconn.send_query(b"SELECT 1 AS swallowed")
        until(lambda: gate.struck)
    connection.close()
    assert broken.sessions == []


def test_who_connects_can_be_refused(broken: Broken) -> None:
    broken.arm(Refuse(), times=1)
    with pytest.raises(psycopg.OperationalError, match=r"server closed the connection|reset by peer"):
        psycopg.connect(broken.url())
    broken.arm(Refuse(sqlstate="53300"), times=1)
    with pytest.raises(psycopg.OperationalError, match="sorry, too many clients already"):
        psycopg.connect(broken.url())
    with psycopg.connect(broken.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
