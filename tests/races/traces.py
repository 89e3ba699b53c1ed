"""Schedules written down by hand, for what only reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_prodparity.core.delta import Change, Delta
from pytest_prodparity.core.findings import Source
from pytest_prodparity.races.execution import READ_COMMITTED, Choice, Execution, Outcome, Ready, Status, Step, Waiting


@dataclass(frozen=True, kw_only=True)
class Said:
    """One trip: `A`, what it says, and what came of it."""

    actor: int
    sql: str
    tag: str | None = None
    line: int = 0
    until: int | None = None
    """The number (from 1) of the step with which its wait ended; 0: never."""
    waits_for: tuple[int, ...] = ()
    sqlstate: str | None = None
    isolation: str = READ_COMMITTED
    connection: int | None = None
    auto: bool = False
    writes: tuple[str, ...] = ()


def a(sql: str, tag: str | None = None, **more: object) -> Said:
    return Said(actor=0, sql=sql, tag=tag, **more)  # type: ignore[arg-type]


def b(sql: str, tag: str | None = None, **more: object) -> Said:
    return Said(actor=1, sql=sql, tag=tag, **more)  # type: ignore[arg-type]


def c(sql: str, tag: str | None = None, **more: object) -> Said:
    return Said(actor=2, sql=sql, tag=tag, **more)  # type: ignore[arg-type]


def run(
    *said: Said,
    values: Sequence[object] = (None, None),
    errors: dict[int, BaseException] | None = None,
    changes: Sequence[Change] = (),
    status: Status = "done",
    waiting: Sequence[Waiting] = (),
    delta: Delta | None = None,
) -> Execution:
    states: dict[int, str] = {}
    steps = []
    for number, one in enumerate(said, 1):
        connection = one.connection or one.actor + 1
        before = states.get(connection, "I" if one.auto else "T")
        ends = one.auto or one.sql in ("COMMIT", "ROLLBACK")
        after = "I" if ends else "E" if one.sqlstate else "T"
        states[connection] = after
        if after == "I":
            del states[connection]
        waits = one.until is not None
        steps.append(
            Step(
                ready=Ready(
                    actor=one.actor,
                    connection=connection,
                    statements=(one.sql,),
                    state=before,
                    isolation=one.isolation,
                    source=Source(path="shop/bank.py", line=one.line, function="pay") if one.line else None,
                ),
                started=float(number),
                ended=None if one.until == 0 else (one.until if waits and one.until else number) + 0.5,
                waited_for=one.waits_for,
                tags=(one.tag,),
                sqlstate=one.sqlstate,
                after=after,
                writes=frozenset(one.writes),
            )
        )
    outcomes = tuple(Outcome(value=value, error=(errors or {}).get(at)) for at, value in enumerate(values))
    return Execution(
        steps=tuple(steps),
        choices=tuple(Choice(enabled=(step.ready,), chosen=step.actor) for step in steps),
        outcomes=outcomes,
        status=status,
        waiting=tuple(waiting),
        delta=delta if delta is not None else Delta(changes=tuple(changes)),
    )


def moved(balance: int, key: int = 1, table: str = "account") -> Change:
    before = {"id": key, "balance": 100}
    return Change(table=table, kind="update", key={"id": key}, before=before, after={"id": key, "balance": balance})


def new(table: str, key: int, **more: object) -> Change:
    return Change(table=table, kind="insert", key={"id": key}, after={"id": key, **more})


READ = "SELECT balance FROM account WHERE id = $1"
STORE = "UPDATE account SET balance = $1 WHERE id = $2"


def withdrawals(order: str, *changes: Change, **more: object) -> Execution:
    """`ABABAB`: each reads, stores and commits; the second to store waits for the first."""
    words = {0: iter((READ, STORE, "COMMIT")), 1: iter((READ, STORE, "COMMIT"))}
    tags = {READ: "SELECT 1", STORE: "UPDATE 1", "COMMIT": "COMMIT"}
    lines = {READ: 14, STORE: 17, "COMMIT": 18}
    said = []
    for name in order:
        actor = "AB".index(name)
        sql = next(words[actor])
        said.append(Said(actor=actor, sql=sql, tag=tags[sql], line=lines[sql]))
    return run(*said, changes=changes, **more)  # type: ignore[arg-type]
