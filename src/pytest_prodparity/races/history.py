"""A schedule as a history of transactions: who read and wrote which table, and when that counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..queries.fingerprint import shape
from .execution import READ_COMMITTED, Execution, Step
from .footprint import Knowledge
from .tables import read


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One statement on one table."""

    table: str
    at: float
    """When it counted: of a read, when its snapshot was taken; of a write, when its lock was had."""
    kind: str
    """`read`, `insert`, `update`, `delete`, `lock`, or `write` where the text does not say."""
    rows: int
    text: str
    """The statement's shape."""


@dataclass(kw_only=True, slots=True)
class Deed:
    """What one transaction did; a statement by itself is one."""

    actor: int
    connection: int
    accesses: list[Access] = field(default_factory=list)
    committed: float | None = None
    """When others could see it."""
    failed: bool = False
    also: set[int] = field(default_factory=set)
    """Other actors that spoke within it."""

    def reads(self, table: str) -> list[Access]:
        """Its reads of a table, with and without a lock."""
        return [one for one in self.accesses if one.table == table and one.kind in ("read", "lock")]

    def writes(self, table: str) -> list[Access]:
        """Its writes to a table."""
        return [one for one in self.accesses if one.table == table and one.kind not in ("read", "lock")]

    @property
    def written(self) -> set[str]:
        """Tables that it wrote."""
        return {one.table for one in self.accesses if one.kind not in ("read", "lock")}


def deeds(run: Execution, knowledge: Knowledge) -> list[Deed]:
    """All transactions of a schedule that did anything, in the order in which they began."""
    open_: dict[int, Deed] = {}
    found: list[Deed] = []
    snapshots: dict[int, float] = {}
    for step in run.steps:
        connection = step.ready.connection
        if step.ready.state == "I" or connection not in open_:
            open_[connection] = Deed(actor=step.actor, connection=connection)
            found.append(open_[connection])
            snapshots.pop(connection, None)
        deed = open_[connection]
        if step.actor != deed.actor:
            deed.also.add(step.actor)
        _say(step, deed, snapshots, knowledge)
        if step.sqlstate is not None or step.after == "E":
            deed.failed = True
        if step.after in ("I", ""):
            ended = step.ended if step.ended is not None else step.started
            lost = step.ready.state == "E" or step.sqlstate is not None or step.after == "" or _takes_back(step)
            deed.committed = None if lost else ended
            open_.pop(connection, None)
    return [deed for deed in found if deed.accesses]


def _takes_back(step: Step) -> bool:
    controls = [read(sql).control for sql in step.ready.statements]
    return not controls or controls[-1] == "rollback" or "ROLLBACK" in step.tags


def _say(step: Step, deed: Deed, snapshots: dict[int, float], knowledge: Knowledge) -> None:
    own = step.ready.isolation in (READ_COMMITTED, "read uncommitted")
    for at, sql in enumerate(step.ready.statements):
        text = read(sql)
        if text.control or step.sqlstate is not None or step.ready.state == "E":
            continue
        snapshot = step.started if own else snapshots.setdefault(step.ready.connection, step.started)
        ended = step.ended if step.ended is not None else step.started
        reads, writes, _ = knowledge.touched(sql)
        made = shape(sql)
        rows = _rows(step, at)
        for table in sorted(reads - writes):
            deed.accesses.append(Access(table=table, at=snapshot, kind="read", rows=rows, text=made.key))
        for table in sorted(writes):
            kind = made.verb if made.verb in ("insert", "update", "delete") else "write"
            if table not in text.writes or (text.reads and table in text.reads and made.verb == "select"):
                kind = "lock"
            if table in text.reads and kind != "lock":
                deed.accesses.append(Access(table=table, at=snapshot, kind="read", rows=rows, text=made.key))
            deed.accesses.append(Access(table=table, at=ended, kind=kind, rows=rows, text=made.key))


def _rows(step: Step, at: int) -> int:
    """Rows that the statement says it wrote, or gave back."""
    tag = step.tags[at] if at < len(step.tags) else None
    last = (tag or "").rpartition(" ")[2]
    return int(last) if last.isdigit() else (step.rows[at] if at < len(step.rows) else 0)


def committed(history: Sequence[Deed], actor: int) -> list[Deed]:
    """The actor's transactions that counted, and those that only read and did not fail."""
    return [
        deed
        for deed in history
        if deed.actor == actor and not deed.failed and (deed.committed is not None or not deed.written)
    ]
