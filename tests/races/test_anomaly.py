"""What went wrong has the name that the trace shows, and no more than that."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_prodparity.core.delta import Change
from pytest_prodparity.races.anomaly import OTHER, REMEDIES, name
from pytest_prodparity.races.execution import Execution
from pytest_prodparity.races.footprint import Knowledge
from tests.races.traces import READ, STORE, Said, a, b, moved, new, run, withdrawals

COUNT = "SELECT count(*) FROM booking WHERE room = $1"
BOOK = "INSERT INTO booking (room) VALUES ($1)"
DUTY, LEAVE = "SELECT id FROM doctor WHERE on_call", "UPDATE doctor SET on_call = false WHERE id = $1"
JOB, CLAIM = "SELECT id FROM job WHERE state = $1 LIMIT 1", "UPDATE job SET state = $1 WHERE id = $2"
WRITES = withdrawals("AAABBB", moved(-60))


def told(said: Sequence[Said], *changes: Change, serial: Execution = WRITES) -> str:
    return name(run(*said, changes=changes), [serial], Knowledge()).name


def both(read: str, write: str, tag: str) -> list[Said]:
    return [a(read, "SELECT 1"), b(read, "SELECT 1"), a(write, tag), a("COMMIT"), b(write, tag), b("COMMIT")]


def test_a_row_that_both_read_and_then_wrote_is_a_lost_update() -> None:
    found = name(run(*both(READ, STORE, "UPDATE 1"), changes=[moved(20)]), [WRITES], Knowledge())

    assert (found.name, found.tables, found.actors) == ("lost update", ("account",), (0, 1))


def test_what_only_one_may_have_in_every_serial_order_is_claimed_twice() -> None:
    serial = run(a(JOB, "SELECT 1"), a(CLAIM, "UPDATE 1"), a("COMMIT"), b(JOB, "SELECT 0"), b("COMMIT"))

    assert told(both(JOB, CLAIM, "UPDATE 1"), moved(0, table="job"), serial=serial) == "double claim"


def test_one_row_where_serial_orders_take_two_is_claimed_twice() -> None:
    moves = (moved(0, 1, "job"), moved(0, 2, "job"))
    serial = run(*both(JOB, CLAIM, "UPDATE 1")[::2], b(JOB), b(CLAIM, "UPDATE 1"), b("COMMIT"), changes=moves)

    assert told(both(JOB, CLAIM, "UPDATE 1"), moved(0, 1, "job"), serial=serial) == "double claim"


def test_different_rows_that_each_depend_on_the_other_are_write_skew() -> None:
    changes = (moved(0, 1, "doctor"), moved(0, 2, "doctor"))

    assert told(both(DUTY, LEAVE, "UPDATE 1"), *changes) == "write skew"


def test_rows_that_nobody_saw_yet_are_check_then_insert_or_a_phantom() -> None:
    twice = (new("booking", 1, room=7), new("booking", 2, room=7))
    one_only = run(a(COUNT, "SELECT 1"), a(BOOK, "INSERT 0 1"), a("COMMIT"), b(COUNT, "SELECT 1"), b("COMMIT"))
    both_may = run(a(COUNT), a(BOOK, "INSERT 0 1"), a("COMMIT"), b(COUNT), b(BOOK, "INSERT 0 1"), b("COMMIT"))

    assert told(both(COUNT, BOOK, "INSERT 0 1"), *twice, serial=one_only) == "check-then-insert"
    assert told(both(COUNT, BOOK, "INSERT 0 1"), *twice, serial=both_may) == "write skew (phantom)"


def test_a_read_before_and_after_the_others_commit_is_skewed() -> None:
    other = "SELECT amount FROM account WHERE id = 2"
    between = [b(STORE, "UPDATE 2"), b("COMMIT")]

    assert told([a(READ, "SELECT 1"), *between, a(READ, "SELECT 1"), a("COMMIT")], moved(20)) == "non-repeatable read"
    assert told([a(READ, "SELECT 1"), *between, a(READ, "SELECT 2"), a("COMMIT")], moved(20)) == "phantom read"
    assert told([a(READ, "SELECT 1"), *between, a(other, "SELECT 1"), a("COMMIT")], moved(20)) == "read skew"


def test_two_that_speak_in_one_transaction_share_a_connection() -> None:
    shared = [a(READ, "SELECT 1", connection=5), b(STORE, "UPDATE 1", connection=5), a("COMMIT", connection=5)]

    assert told(shared, moved(20)) == "shared connection"


def test_nothing_is_named_that_the_trace_does_not_show() -> None:
    assert told([a(STORE, "UPDATE 1"), b(STORE, "UPDATE 1"), a("COMMIT"), b("COMMIT")], moved(20)) == OTHER
    rolled_back = [a(READ, "SELECT 1"), b(READ), b(STORE, "UPDATE 1"), b("ROLLBACK"), a(STORE, "UPDATE 1"), a("COMMIT")]
    assert told(rolled_back, moved(20)) == OTHER
    # Two rows and two writes: nobody can say that one was overwritten.
    assert told(both(READ, STORE, "UPDATE 1"), moved(20), moved(20, 2)) != "lost update"


@pytest.mark.parametrize("name_", list(REMEDIES))
def test_every_name_has_a_remedy(name_: str) -> None:
    assert REMEDIES[name_]
