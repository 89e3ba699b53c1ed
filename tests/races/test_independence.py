"""Which two trips may change places: by snapshots, locks and isolation levels, as PostgreSQL has them."""

from __future__ import annotations

import pytest

from pytest_prodparity.races.execution import READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE, Ready, Step
from pytest_prodparity.races.footprint import Knowledge, Relations
from pytest_prodparity.races.independence import Situation

READ, WRITE, COMMIT = "SELECT n FROM a", "UPDATE a SET n = $1", "COMMIT"
OTHER = "UPDATE b SET n = $1"
PLAIN = Relations(tables=frozenset("abc"), deferred=frozenset())


def ready(actor: int, *texts: str, state: str = "T", isolation: str = READ_COMMITTED, connection: int = 0) -> Ready:
    return Ready(
        actor=actor,
        connection=connection or actor + 1,
        statements=texts,
        state=state,
        isolation=isolation,
        source=None,
    )


def conflict(
    one: Ready,
    other: Ready,
    *,
    before: tuple[Ready, ...] = (),
    waiting: tuple[Ready, ...] = (),
    schema: Relations = PLAIN,
) -> bool:
    """Whether the two conflict after `before`, while `waiting` wait in the database."""
    situation = Situation(knowledge=Knowledge(relations=schema))
    steps = [Step(ready=each, started=at, ended=at + 0.5, after="T") for at, each in enumerate(before)]
    steps += [Step(ready=each, started=50, ended=None, waited_for=(one.actor,)) for each in waiting]
    situation.catch_up(steps)
    return other.actor in situation.conflicts([one, other])[one.actor]


def test_reads_commute_and_so_do_a_read_and_an_uncommitted_write() -> None:
    assert not conflict(ready(0, READ), ready(1, READ))
    assert not conflict(ready(0, READ), ready(1, WRITE))


def test_a_read_and_the_commit_of_a_write_to_its_table_conflict() -> None:
    assert conflict(ready(0, READ), ready(1, COMMIT), before=(ready(1, WRITE),))
    assert not conflict(ready(0, READ), ready(1, COMMIT), before=(ready(1, OTHER),))
    assert not conflict(ready(0, READ), ready(1, COMMIT), before=(ready(1, READ),))
    assert not conflict(ready(0, READ), ready(1, "ROLLBACK"), before=(ready(1, WRITE),))


def test_a_write_by_itself_is_a_write_and_its_commit() -> None:
    assert conflict(ready(0, READ), ready(1, WRITE, state="I"))
    assert conflict(ready(0, READ), ready(1, "BEGIN", WRITE, "COMMIT", state="I"))
    assert not conflict(ready(0, READ), ready(1, "BEGIN", WRITE, state="I"))


def test_writes_to_one_table_conflict_and_locked_rows_are_written() -> None:
    assert conflict(ready(0, WRITE), ready(1, WRITE))
    assert conflict(ready(0, READ + " FOR UPDATE"), ready(1, READ + " FOR SHARE"))
    assert conflict(ready(0, WRITE), ready(1, COMMIT), before=(ready(1, WRITE),))
    assert conflict(ready(0, WRITE), ready(1, "ROLLBACK"), before=(ready(1, WRITE),))
    assert not conflict(ready(0, WRITE), ready(1, OTHER))


def test_the_first_statement_under_repeatable_read_conflicts_with_every_commit_and_later_reads_with_none() -> None:
    first = ready(0, "SELECT n FROM c", isolation=REPEATABLE_READ)
    later = ready(0, READ, isolation=REPEATABLE_READ)

    assert conflict(first, ready(1, COMMIT), before=(ready(1, WRITE),))
    assert not conflict(later, ready(1, COMMIT), before=(first, ready(1, WRITE)))


def test_under_serializable_reads_and_writes_of_one_table_conflict_and_commits_with_all() -> None:
    begun = (ready(0, "SELECT n FROM c", isolation=SERIALIZABLE), ready(1, "SELECT n FROM c", isolation=SERIALIZABLE))
    read, write = ready(0, READ, isolation=SERIALIZABLE), ready(1, WRITE, isolation=SERIALIZABLE)

    assert conflict(read, write, before=begun)
    assert conflict(read, ready(1, COMMIT, isolation=SERIALIZABLE), before=begun)
    assert not conflict(read, ready(1, WRITE), before=begun[:1])


@pytest.mark.parametrize("unknown", ["LOCK TABLE c", "CALL pay()", "SELECT pay()", "SELECT n FROM nowhere", "NOTIFY x"])
def test_what_is_unknown_conflicts_with_everything_that_touches_something(unknown: str) -> None:
    assert conflict(ready(0, READ), ready(1, unknown))
    assert conflict(ready(0, READ), ready(1, COMMIT), before=(ready(1, unknown),))
    assert not conflict(ready(0, "SET LOCAL x = 1"), ready(1, unknown))


def test_advisory_locks_conflict_with_each_other_alone() -> None:
    lock = "SELECT pg_advisory_xact_lock($1)"

    assert conflict(ready(0, lock), ready(1, lock))
    assert conflict(ready(0, lock), ready(1, COMMIT), before=(ready(1, lock),))
    assert not conflict(ready(0, READ), ready(1, lock))


def test_trips_on_one_connection_conflict() -> None:
    assert conflict(ready(0, READ, connection=7), ready(1, "SET LOCAL x = 1", connection=7))


def test_two_that_could_close_a_circle_of_waits_conflict_though_their_tables_differ() -> None:
    assert conflict(ready(0, OTHER), ready(1, WRITE), before=(ready(0, WRITE), ready(1, OTHER)))


def test_what_lets_somebody_go_on_touches_what_that_one_touches() -> None:
    waiting = (ready(2, "UPDATE a SET n = (SELECT n FROM c)"),)

    assert not conflict(ready(0, COMMIT), ready(1, "UPDATE c SET n = 1", state="I"), before=(ready(0, OTHER),))
    assert conflict(
        ready(0, COMMIT), ready(1, "UPDATE c SET n = 1", state="I"), before=(ready(0, OTHER),), waiting=waiting
    )


def test_the_end_of_a_failed_transaction_touches_nothing() -> None:
    failed = Step(ready=ready(1, WRITE), started=0, ended=1, sqlstate="23505", after="E")
    situation = Situation(knowledge=Knowledge(relations=PLAIN))
    situation.catch_up([failed])

    assert situation.conflicts([ready(0, WRITE), ready(1, "ROLLBACK", state="E")]) == {0: set(), 1: set()}


def test_a_connection_that_is_closed_takes_its_transaction_back() -> None:
    assert conflict(ready(0, WRITE), ready(1), before=(ready(1, WRITE),))
    assert not conflict(ready(0, READ), ready(1), before=(ready(1, WRITE),))


def test_commits_with_deferred_constraints_conflict() -> None:
    deferred = Relations(tables=frozenset("abc"), deferred=frozenset("a"))
    before = (ready(0, WRITE), ready(1, WRITE))

    assert conflict(ready(0, COMMIT), ready(1, COMMIT), before=before, schema=deferred)
    assert not conflict(ready(0, COMMIT), ready(1, COMMIT), before=before)
    assert conflict(ready(0, COMMIT), ready(1, COMMIT), before=before, schema=Relations())


def test_what_the_server_locked_is_learned_and_counts_from_then_on() -> None:
    from tests.races.traces import a, run

    knowledge = Knowledge(relations=PLAIN)
    insert = "INSERT INTO b (n) VALUES (1)"
    assert knowledge.learn(run(a(READ), a(insert, writes=("public.b", "public.c")), a(COMMIT)))
    assert not knowledge.learn(run(a(READ), a(insert, writes=("public.b", "public.c")), a(COMMIT)))

    assert knowledge.touched("INSERT INTO b (n) VALUES (2)")[1] == {"b", "c"}
    assert knowledge.touched(READ)[1] == frozenset()
