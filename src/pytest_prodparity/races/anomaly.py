"""The name of what went wrong, by the cycle of who read and wrote before whom. Never more than the trace shows.

After Berenson et al. (1995) and Adya (1999): A reads what B overwrites (rw), B's write is overwritten by A's (ww), A sees
what B wrote (wr).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from ..core.delta import Delta
from .execution import Execution
from .footprint import Knowledge
from .history import Access, Deed, committed, deeds
from .tables import base

OTHER = "not equal to any serial order"

REMEDIES: Mapping[str, str] = {
    "lost update": "compute in the database (UPDATE … SET n = n - …), or lock when reading: SELECT … FOR UPDATE",
    "double claim": "claim and check in one statement (UPDATE … WHERE status = … RETURNING), or lock when reading: "
    "SELECT … FOR UPDATE, for a queue with SKIP LOCKED",
    "check-then-insert": "let the database decide: a unique constraint, and INSERT … ON CONFLICT",
    "write skew": "lock the rows that the decision rests on (SELECT … FOR UPDATE), or run under SERIALIZABLE and try again "
    "on 40001",
    "write skew (phantom)": "the rows that were looked for do not exist yet, so nothing locks them: an exclusion or unique "
    "constraint, a lock on the parent row, or SERIALIZABLE with another try on 40001",
    "read skew": "read all of it in one statement, or in one transaction under REPEATABLE READ",
    "non-repeatable read": "read it once, or in one transaction under REPEATABLE READ",
    "phantom read": "read it once, or in one transaction under REPEATABLE READ",
    "shared connection": "give each thread or task a connection, or a session, of its own",
    "serialization failure": "try the whole transaction again when it fails with 40001, a few times",
    "unique violation": "INSERT … ON CONFLICT, or catch it, roll back and read what the other wrote",
    "deadlock": "take locks in the same order everywhere (ORDER BY the key), or try again when it fails with 40P01",
    "pool-exhausted": "never ask for a second connection while holding one: pass the first on, or make the pool larger than "
    "all callers need together",
    OTHER: "put the read and the write into one transaction that locks what it reads, or use SERIALIZABLE and try again",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Anomaly:
    """A name, and the tables that it rests on."""

    name: str
    tables: tuple[str, ...] = ()
    actors: tuple[int, ...] = ()

    @property
    def remedy(self) -> str:
        """What to do, in general."""
        return REMEDIES.get(self.name, REMEDIES[OTHER])


def name(run: Execution, serial: Sequence[Execution], knowledge: Knowledge) -> Anomaly:
    """What happened in a schedule that equals no serial order."""
    history = deeds(run, knowledge)
    for deed in history:
        if deed.also:
            tables = tuple(sorted({one.table for one in deed.accesses}))
            return Anomaly(name="shared connection", tables=tables, actors=(deed.actor, *sorted(deed.also)))
    pairs = list(permutations(range(len(run.outcomes)), 2))
    kinds = (_overwritten, _both_inserted, _skewed, _read_skewed)
    for kind in kinds:
        for one, other in pairs:
            found = kind(_Pair(run, serial, knowledge, committed(history, one), committed(history, other), one, other))
            if found is not None:
                return found
    return Anomaly(name=OTHER)


@dataclass(frozen=True, slots=True)
class _Pair:
    run: Execution
    serial: Sequence[Execution]
    knowledge: Knowledge
    mine: Sequence[Deed]
    its: Sequence[Deed]
    one: int
    other: int

    def found(self, name: str, *tables: str) -> Anomaly:
        return Anomaly(name=name, tables=tuple(dict.fromkeys(tables)), actors=tuple(sorted((self.one, self.other))))

    def fewer_rows(self, table: str) -> bool:
        """Every serial order changes more of its rows."""
        return all(_changed(run, table) > _changed(self.run, table) for run in self.serial)

    def both_write(self, table: str, kind: str | None = None) -> bool:
        """In some serial order too, both write the table."""
        for run in self.serial:
            history = deeds(run, self.knowledge)
            writers = {
                deed.actor
                for deed in history
                if deed.committed is not None
                and any(one.rows and (kind is None or one.kind == kind) for one in deed.writes(table))
            }
            if {self.one, self.other} <= writers:
                return True
        return False


def _reads(made: Sequence[Deed]) -> list[Access]:
    return [one for deed in made for one in deed.accesses if one.kind in ("read", "lock")]


def _writes(made: Sequence[Deed]) -> list[tuple[Access, float]]:
    """Writes that changed rows, with the time at which others could see them."""
    return [
        (one, deed.committed)
        for deed in made
        if deed.committed is not None
        for one in deed.accesses
        if one.kind not in ("read", "lock") and one.rows
    ]


def _stale(pair: _Pair, table: str) -> bool:
    """One read the table before the other's write to it could be seen."""
    seen = [commit for write, commit in _writes(pair.its) if write.table == table]
    return any(read.at < commit for read in _reads(pair.mine) if read.table == table for commit in seen)


def _overwritten(pair: _Pair) -> Anomaly | None:
    """One read, the other committed a write, and one wrote over it: some row was written twice."""
    for read in _reads(pair.mine):
        for theirs, commit in _writes(pair.its):
            if theirs.table != read.table or read.at >= commit:
                continue
            after = [one for one, _ in _writes(pair.mine) if one.table == read.table and one.at >= commit]
            if not after or not _twice(pair, read.table):
                continue
            claimed = not pair.both_write(read.table) or pair.fewer_rows(read.table)
            return pair.found("double claim" if claimed else "lost update", read.table)
    return None


def _changed(run: Execution, table: str) -> int:
    return sum(base(change.table) == table for change in run.delta or Delta())


def _twice(pair: _Pair, table: str) -> bool:
    """The statements of the two wrote more rows than have changed: some row was written more than once."""
    changed = _changed(pair.run, table)
    writes = [*_writes(pair.mine), *_writes(pair.its)]
    return sum(one.rows for one, _ in writes if one.table == table and one.kind != "delete") > changed > 0


def _both_inserted(pair: _Pair) -> Anomaly | None:
    inserted = [{one.table for one, _ in _writes(made) if one.kind == "insert"} for made in (pair.mine, pair.its)]
    for table in sorted(inserted[0] & inserted[1]):
        mirrored = _Pair(pair.run, pair.serial, pair.knowledge, pair.its, pair.mine, pair.other, pair.one)
        if _stale(pair, table) and _stale(mirrored, table):
            return pair.found(
                "write skew (phantom)" if pair.both_write(table, "insert") else "check-then-insert", table
            )
    return None


def _skewed(pair: _Pair) -> Anomaly | None:
    """Each read what the other changed, and did not see it."""
    mirrored = _Pair(pair.run, pair.serial, pair.knowledge, pair.its, pair.mine, pair.other, pair.one)
    for first in sorted({one.table for one in _reads(pair.mine)}):
        for second in sorted({one.table for one in _reads(pair.its)}):
            if not (_stale(pair, first) and _stale(mirrored, second)):
                continue
            made = [one for one, _ in (*_writes(pair.mine), *_writes(pair.its)) if one.table in (first, second)]
            phantom = any(one.kind in ("insert", "delete") for one in made)
            return pair.found("write skew (phantom)" if phantom else "write skew", first, second)
    return None


def _read_skewed(pair: _Pair) -> Anomaly | None:
    """One read before and after the other's commit, of what that wrote."""
    for deed in pair.its:
        commit = deed.committed
        if commit is None:
            continue
        reads = [one for one in _reads(pair.mine) if one.table in deed.written]
        for before in (one for one in reads if one.at < commit):
            for after in (one for one in reads if one.at >= commit):
                if before.text != after.text:
                    return pair.found("read skew", before.table, after.table)
                if before.rows != after.rows:
                    return pair.found("phantom read", before.table)
                return pair.found("non-repeatable read", before.table)
    return None
