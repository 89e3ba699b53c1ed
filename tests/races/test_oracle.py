"""A schedule is right if some serial order comes to the same; else what is wrong has a rule, a name and its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from pytest_prodparity.core.delta import Change, Delta, Moved
from pytest_prodparity.races.execution import Execution, Waiting
from pytest_prodparity.races.oracle import Oracle, Verdict
from pytest_prodparity.races.search import Unclear
from tests.races.traces import READ, STORE, a, b, moved, new, run, withdrawals

SERIAL = (
    withdrawals("AAABBB", moved(-60), values=(20, -60)),
    withdrawals("BBBAAA", moved(-60), values=(-60, 20)),
)


class DriverError(Exception):
    sqlstate = "40001"


class DeadlockDetected(Exception):
    sqlstate = "40P01"


class UniqueViolation(Exception):
    sqlstate = "23505"


class PoolTimeout(Exception):
    pass


def judged(oracle: Oracle, execution: Execution) -> Verdict:
    verdict = oracle.judge(execution)
    assert isinstance(verdict, Verdict)
    return verdict


def test_what_equals_a_serial_order_is_right() -> None:
    oracle = Oracle(SERIAL)

    assert oracle.judge(withdrawals("ABABAB", moved(-60), values=(-60, 20))) is None
    assert oracle.judge(withdrawals("ABABAB", moved(-60), values=(20, -60))) is None


def test_a_lost_update_is_named_with_its_rows() -> None:
    verdict = judged(Oracle(SERIAL), withdrawals("ABAABB", moved(20), values=(20, 20)))

    assert (verdict.rule, verdict.anomaly, verdict.tables) == ("not-serializable", "lost update", ("account",))
    assert verdict.title == "lost update of account: rows that no serial order leaves"
    assert verdict.differs == (
        "expected  ~ account(id=1) balance: 100 -> -60",
        "found     ~ account(id=1) balance: 100 -> 20",
        "B returns another value",
    )
    assert verdict.nearest == (0, 1)
    assert "FOR UPDATE" in verdict.remedy


def test_only_results_may_differ() -> None:
    verdict = judged(Oracle(SERIAL), withdrawals("ABABAB", moved(-60), values=(20, 20)))

    assert verdict.kind == "results"
    assert verdict.differs == ("B returns another value",)


def test_what_differs_between_two_runs_of_one_order_does_not_count() -> None:
    def ran(at: float, key: str) -> Execution:
        changes = [new("payment", 1, amount=5, at=at, token=key)]
        return run(
            a("INSERT INTO payment (amount) VALUES (5)", auto=True),
            values=({"at": at, "amount": 5}, key),
            changes=changes,
        )

    first, second = ran(1.5, "k-1"), ran(2.5, "k-2")
    oracle = Oracle((first, first), repeated=((first, second),))

    assert oracle.judge(ran(3.5, "k-3")) is None
    other = replace(first.outcomes[0], value={"at": 3.5, "amount": 6})
    assert isinstance(oracle.judge(replace(first, outcomes=(other, first.outcomes[1]))), Verdict)


def test_who_gets_which_number_of_a_sequence_does_not_count_and_what_refers_to_it_does() -> None:
    def ran(one: int, other: int, *, line_of: int, values: tuple[object, object] | None = None) -> Execution:
        changes = (
            new("orders", one, who="A"),
            new("orders", other, who="B"),
            Change(table="line", kind="insert", key={"id": 1}, after={"id": 1, "order_id": line_of}),
        )
        delta = Delta(
            changes=changes,
            sequences=(Moved(sequence="public.orders_id_seq", before=6, after=8),),
            references={("line", "order_id"): ("orders", "id")},
        )
        return run(a("SELECT 1"), b("SELECT 1"), delta=delta, values=values or (one, f"order-{other}"))

    serial = ran(7, 8, line_of=7)
    oracle = Oracle((serial, serial))

    assert oracle.judge(ran(8, 7, line_of=8)) is None
    assert isinstance(oracle.judge(ran(8, 7, line_of=7)), Verdict)
    assert isinstance(oracle.judge(ran(8, 7, line_of=8, values=(9, "order-7"))), Verdict)


def test_values_are_compared_by_their_parts_where_they_cannot_be_compared_themselves() -> None:
    class Plain:
        def __init__(self, balance: int) -> None:
            self.balance = balance
            self._state = object()

    @dataclass
    class Receipt:
        amount: int
        tags: set[str]

    def ran(value: object) -> Execution:
        return run(a("SELECT 1"), values=(value, None))

    class Bare:
        pass

    oracle = Oracle((ran([Plain(5), Receipt(1, {"x", "y"}), Bare()]),) * 2)

    assert oracle.judge(ran([Plain(5), Receipt(1, {"y", "x"}), Bare()])) is None
    assert isinstance(oracle.judge(ran([Plain(6), Receipt(1, {"x", "y"}), Bare()])), Verdict)
    assert isinstance(oracle.judge(ran([Plain(5), Receipt(2, {"x", "y"}), Bare()])), Verdict)


def test_rows_in_another_order_are_the_same_rows() -> None:
    def ran(value: object) -> Execution:
        return run(a("SELECT 1"), values=(value, None))

    oracle = Oracle((ran([(1, "x"), (2, "y")]),) * 2)

    assert oracle.judge(ran([(2, "y"), (1, "x")])) is None
    assert isinstance(oracle.judge(ran([(2, "x"), (1, "y")])), Verdict)


@pytest.mark.parametrize(
    ("error", "rule", "title"),
    [
        (DriverError(), "not-serializable", "a serialization failure (40001) that nobody retries escapes from B; nothing of it was committed"),
        (DeadlockDetected(), "deadlock", "a deadlock (40P01) escapes from B; nothing of it was committed"),
        (UniqueViolation(), "not-serializable", "a unique violation (23505) that no serial order has escapes from B; nothing of it was committed"),
        (PoolTimeout(), "pool-exhausted", "PoolTimeout: no connection left in the pool; it escapes from B; nothing of it was committed"),
        (KeyError("x"), "not-serializable", "KeyError, which no serial order raises, escapes from B; nothing of it was committed"),
    ],
)  # fmt: skip
def test_an_exception_that_no_serial_order_has_is_a_verdict_of_its_own(error: Exception, rule: str, title: str) -> None:
    failing = run(
        a(READ, "SELECT 1"), b(READ, "SELECT 1"), a(STORE, "UPDATE 1"), a("COMMIT"), b("ROLLBACK"),
        changes=[moved(20)], errors={1: error}, values=(20, None),
    )  # fmt: skip
    verdict = judged(Oracle(SERIAL), failing)

    assert (verdict.rule, verdict.title, verdict.actors) == (rule, title, (1,))


def test_a_yes_that_is_a_no_in_serial_order_is_shown_and_other_values_are_not() -> None:
    serial = (
        withdrawals("AAABBB", moved(20), values=(True, False)),
        withdrawals("BBBAAA", moved(20), values=(False, True)),
    )

    verdict = judged(Oracle(serial), withdrawals("ABABAB", moved(20), values=(True, True)))

    assert verdict.differs == ("B returns True; in that order it returns False",)


def test_the_state_behind_a_wrapped_exception_is_found() -> None:
    wrapped = RuntimeError("could not pay")
    wrapped.__cause__ = DeadlockDetected()
    failing = run(
        a(STORE, "UPDATE 1"), a("COMMIT"), b(STORE, sqlstate="40P01"), errors={1: wrapped}, changes=[moved(20)]
    )

    assert judged(Oracle(SERIAL), failing).rule == "deadlock"


def test_a_failure_that_was_handled_does_not_explain_a_later_exception() -> None:
    said = [
        a(STORE, "UPDATE 1"),
        a("COMMIT"),
        b(STORE, sqlstate="40P01"),
        b("ROLLBACK"),
        b(READ, "SELECT 1"),
        b("COMMIT"),
    ]
    failing = run(*said, errors={1: ValueError("no money")}, changes=[moved(20)])

    assert judged(Oracle(SERIAL), failing).kind == "exception"


def test_psycopg2_says_pgcode() -> None:
    class TransactionRollbackError(Exception):
        pgcode = "40001"

    failing = run(
        a(STORE, "UPDATE 1"), a("COMMIT"), b(READ), errors={1: TransactionRollbackError()}, changes=[moved(20)]
    )

    assert judged(Oracle(SERIAL), failing).kind == "serialization failure"


def test_an_exception_that_some_serial_order_has_is_no_finding_by_itself() -> None:
    refused = ValueError("insufficient funds")
    serial = (
        run(a(STORE, "UPDATE 1"), a("COMMIT"), b(READ), errors={1: refused}, changes=[moved(20)]),
        run(b(STORE, "UPDATE 1"), b("COMMIT"), a(READ), errors={0: refused}, changes=[moved(20)]),
    )
    oracle = Oracle(serial)

    assert (
        oracle.judge(run(b(READ), a(STORE, "UPDATE 1"), a("COMMIT"), errors={1: refused}, changes=[moved(20)])) is None
    )
    assert judged(oracle, run(b(READ), a(READ), errors={0: refused, 1: refused})).kind == "rows"


def test_actors_that_wait_for_each_other_outside_the_database_are_told_by_what_they_wait_for() -> None:
    pool = Waiting(actor=0, on="pool", holders=(1,), said="waits in getconn; all 1 connections are held by B")
    row = Waiting(actor=1, on="database", holders=(0,))

    exhausted = judged(Oracle(SERIAL), run(a(READ), status="deadlock", waiting=(pool, row)))
    locked = judged(Oracle(SERIAL), run(a(READ), status="deadlock", waiting=(replace(pool, on="lock"), row)))

    assert exhausted.rule == "pool-exhausted"
    assert exhausted.title == "A and B wait for connections that they hold themselves, for ever"
    assert exhausted.differs == ("A waits in getconn; all 1 connections are held by B",)
    assert locked.rule == "deadlock"


def test_what_did_not_come_to_its_end_or_cannot_be_followed_is_not_judged() -> None:
    class Timeout(Exception):
        sqlstate = "57014"

    oracle = Oracle(SERIAL)
    stuck = Waiting(actor=0, on="unknown", said="spins in bank.py:7")

    assert oracle.judge(run(a(READ), status="stuck", waiting=(stuck,))) == Unclear(
        "a schedule did not come to its end: spins in bank.py:7"
    )
    assert "too many rows" in str(oracle.judge(run(a(READ), delta=Delta(notes=("too many rows",)))))
    assert "ended a callable whose trips were held back (57014)" in str(
        oracle.judge(run(a(READ), errors={0: Timeout()}))
    )


def test_an_invariant_counts_on_top() -> None:
    right = withdrawals("ABABAB", moved(-60), values=(20, -60))
    oracle = Oracle(SERIAL, broken=lambda run: "overdrawn" if run is right else None)

    verdict = judged(oracle, right)

    assert (verdict.rule, verdict.title) == ("invariant-broken", "the invariant does not hold: overdrawn")
    assert verdict.remedy == "it breaks in a serial order too: this is no race"
    assert oracle.judge(withdrawals("AAABBB", moved(-60), values=(20, -60))) is None


def test_what_other_services_were_asked_counts() -> None:
    serial = tuple(replace(each, requests=("charge",)) for each in SERIAL)
    twice = replace(withdrawals("AAABBB", moved(-60), values=(20, -60)), requests=("charge", "charge"))

    assert judged(Oracle(serial), twice).differs == ("other services were asked for something else",)


def test_of_many_callables_the_order_of_their_commits_is_tried_before_anybody_is_accused() -> None:
    def ran(order: str) -> Execution:
        said = [(a, b)["AB".index(name)]("UPDATE account SET last = $1", auto=True) for name in order]
        return run(*said, changes=[new("log", 1, last=order[-1])], values=(1, 2))

    asked: list[tuple[int, ...]] = []

    def further(order: tuple[int, ...]) -> Execution:
        asked.append(order)
        return ran("".join("AB"[actor] for actor in order))

    assert isinstance(Oracle([ran("AB")]).judge(ran("BA")), Unclear)
    assert Oracle([ran("AB")], further=further).judge(ran("BA")) is None
    assert asked == [(1, 0)]
