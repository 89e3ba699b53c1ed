"""What a trip that is about to be sent would touch: from its texts, what the schema adds to them, and what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ..queries.fingerprint import shape
from .execution import READ_COMMITTED, SERIALIZABLE, Execution, Ready
from .tables import ADVISORY_LOCKS, SEQUENCES, base, read

Tables = frozenset[str]
NONE: Tables = frozenset()


@dataclass(frozen=True, kw_only=True)
class Relations:
    """What the schema adds to a statement's text. All names are last names: `account` for `bank.account`.

    Without it a name is taken for a plain table of which nothing more is known than what the server locked.
    """

    tables: Tables | None = None
    """All relations; a name that is not among them touches everything. None: not known."""
    reads: Mapping[str, Tables] = field(default_factory=dict)
    """A view, and the tables that are read with it."""
    touches: Mapping[str, Tables] = field(default_factory=dict)
    """A table, and the others that a write to it may read, lock or write: through triggers, or as its partitions."""
    parents: Mapping[str, Tables] = field(default_factory=dict)
    """A table, and those that its foreign keys refer to: a write to it locks rows there."""
    children: Mapping[str, Tables] = field(default_factory=dict)
    """A table, and those that refer to it, also through others: a DELETE, or an UPDATE of a key, looks there."""
    keys: Mapping[str, Tables] = field(default_factory=dict)
    """A table, and its columns that are referred to."""
    opaque: Tables = NONE
    """Tables and views with a trigger, rule or function that nobody can read."""
    functions: Mapping[str, tuple[Tables, Tables]] = field(default_factory=dict)
    """Functions that can be read, and the tables that they read and write."""
    deferred: Tables | None = None
    """Tables with a constraint or trigger that is checked at COMMIT; None: any may have one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Footprint:
    """What one trip touches."""

    connection: int
    reads: Tables = NONE
    """Tables of which it sees what others have committed by now."""
    predicates: Tables = NONE
    """Tables that it reads under SERIALIZABLE: who writes there is remembered."""
    writes: Tables = NONE
    """Tables that it writes or locks rows of: it may wait there, and others may wait for it."""
    commits: Tables = NONE
    """Tables that others see changed by it, or locks that it gives back."""
    releases: Tables = NONE
    """Tables in which it takes back what its transaction wrote."""
    snapshot: bool = False
    """It fixes what its whole transaction sees."""
    everything: bool = False
    """Nothing can be said of it."""
    serializable: bool = False
    ends: bool = False
    """It ends a transaction that is not read-only for sure."""

    @property
    def empty(self) -> bool:
        """It touches nothing at all."""
        touched = self.reads or self.predicates or self.writes or self.commits or self.releases
        return not (touched or self.everything or self.snapshot or (self.serializable and self.ends))

    def __or__(self, other: Footprint) -> Footprint:
        return replace(
            self,
            reads=self.reads | other.reads,
            predicates=self.predicates | other.predicates,
            writes=self.writes | other.writes,
            commits=self.commits | other.commits,
            releases=self.releases | other.releases,
            snapshot=self.snapshot or other.snapshot,
            everything=self.everything or other.everything,
            serializable=self.serializable or other.serializable,
            ends=self.ends or other.ends,
        )


@dataclass(slots=True)
class Transaction:
    """What a connection's open transaction has done so far."""

    read: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    """Tables that it wrote, or rows of which it locked."""
    kept: set[str] = field(default_factory=set)
    """Locks that outlive it."""
    everything: bool = False
    begun: bool = False
    """Its snapshot is taken."""
    savepoints: bool = False

    def copy(self) -> Transaction:
        """Another, to be tried on."""
        return replace(self, read=set(self.read), held=set(self.held), kept=set(self.kept))

    def end(self) -> None:
        """COMMIT or ROLLBACK."""
        self.read.clear()
        self.held.clear()
        self.everything = self.begun = self.savepoints = False


@dataclass(slots=True)
class Knowledge:
    """What statements touch. Grows with what the server locked when they ran."""

    relations: Relations = field(default_factory=Relations)
    locked: dict[str, tuple[Tables, Tables]] = field(default_factory=dict)
    """By the statement's shape: tables beyond those in it that were locked for reading, for writing."""

    def touched(self, sql: str) -> tuple[Tables, Tables, bool]:
        """What it reads, what it writes, and whether it may touch everything."""
        text = read(sql)
        schema = self.relations
        everything = text.unknown
        reads, writes = set(text.reads), set(text.writes)
        for name in text.calls:
            if name in schema.functions:
                reads |= schema.functions[name][0]
                writes |= schema.functions[name][1]
            else:
                everything = True
        for name in [*reads, *writes]:
            if name in schema.opaque and (name in writes or name in schema.reads):
                everything = True
            reads |= schema.reads.get(name, NONE)
        for name in list(writes):
            writes |= schema.touches.get(name, NONE) | schema.reads.get(name, NONE)
        if text.writes:
            writes |= self._through_foreign_keys(sql, writes)
        if schema.tables is not None and (reads | writes) - schema.tables - text.made - {SEQUENCES, ADVISORY_LOCKS}:
            everything = True
        more_reads, more_writes = self.locked.get(shape(sql).key, (NONE, NONE))
        return frozenset(reads) | more_reads, frozenset(writes) | more_writes, everything

    def _through_foreign_keys(self, sql: str, writes: Iterable[str]) -> set[str]:
        schema, made = self.relations, shape(sql)
        found: set[str] = set()
        for name in writes:
            found |= schema.parents.get(name, NONE)
            keys = schema.keys.get(name, NONE)
            sets = made.verb == "insert" and "do" in made.words
            if made.verb == "select" or (made.verb == "insert" and not sets):
                continue
            if made.verb not in ("insert", "update") or keys & _set(made.words):
                found |= schema.children.get(name, NONE)
        return found

    def learn(self, run: Execution) -> bool:
        """Take over what the server locked; True where that says more of a statement than was known.

        Locks are seen by transaction, not by statement: one that no text of the transaction explains is put down to
        each statement from its first appearance on, one for writing only to those that write.
        """
        grown = False
        explained: dict[int, set[str]] = {}
        for step in run.steps:
            texts = explained.setdefault(step.ready.connection, set())
            if step.ready.state == "I":
                texts.clear()
            for sql in step.ready.statements:
                texts |= read(sql).reads | read(sql).writes
            reads = frozenset(base(name) for name in step.reads) - texts
            writes = frozenset(base(name) for name in step.writes) - texts
            for sql in step.ready.statements if reads or writes else ():
                grown = self._add(sql, reads, writes) or grown
        return grown

    def _add(self, sql: str, reads: Tables, writes: Tables) -> bool:
        text = read(sql)
        if text.control:
            return False
        if not (text.writes or text.calls or text.unknown):
            writes = NONE
        key = shape(sql).key
        known_reads, known_writes = self.locked.get(key, (NONE, NONE))
        if reads <= known_reads and writes <= known_writes:
            return False
        self.locked[key] = (known_reads | reads, known_writes | writes)
        return True


def _set(words: Sequence[str]) -> set[str]:
    """Names that SET gives a value, and perhaps more."""
    start = words.index("set") if "set" in words else len(words)
    found, depth = set(), 0
    for word, after in pairwise(words[start:]):
        depth += (word == "(") - (word == ")")
        if word == "where" and depth == 0:
            break
        if after in ("=", ",", ")"):
            found.add(base(word))
    return found


def footprint(ready: Ready, open_: Transaction, knowledge: Knowledge) -> Footprint:
    """What the trip would touch, given what its connection's transaction has done; that is brought up to date."""
    made = Footprint(connection=ready.connection, serializable=ready.isolation == SERIALIZABLE)
    if ready.state == "I":
        open_.end()
    explicit = ready.state != "I"
    failed = ready.state == "E"
    for sql in ready.statements or ("ROLLBACK",):
        control = read(sql).control
        if control == "begin":
            explicit = True
        elif control == "savepoint":
            open_.savepoints = True
        elif control in ("commit", "rollback"):
            made |= _end(ready, open_, committed=control == "commit" and not failed, failed=failed)
            explicit = failed = False
        elif control == "rollback to":
            if not failed:
                made |= Footprint(connection=ready.connection, releases=frozenset(open_.held))
            failed = False
        elif not control and not failed:
            made |= _statement(sql, ready, open_, knowledge)
    if not ready.statements:
        # The connection goes: so do the locks that outlive a transaction.
        made |= Footprint(connection=ready.connection, releases=frozenset(open_.kept))
        open_.kept.clear()
    if not explicit:
        made |= _end(ready, open_, committed=True, failed=False)
    return made


def _end(ready: Ready, open_: Transaction, *, committed: bool, failed: bool) -> Footprint:
    held = frozenset(open_.held)
    if failed and not open_.savepoints:
        held = NONE  # what failed gave all back at once
    everything = open_.everything and not failed
    touched = bool(open_.held or open_.read)
    open_.end()
    return Footprint(
        connection=ready.connection,
        commits=held if committed else NONE,
        releases=NONE if committed else held,
        everything=everything,
        serializable=ready.isolation == SERIALIZABLE,
        ends=touched and not failed,
    )


def _statement(sql: str, ready: Ready, open_: Transaction, knowledge: Knowledge) -> Footprint:
    reads, writes, everything = knowledge.touched(sql)
    fresh = not open_.begun
    open_.begun = True
    open_.read |= reads
    open_.held |= writes - {SEQUENCES}
    open_.everything = open_.everything or everything
    if read(sql).keeps:
        open_.kept.add(ADVISORY_LOCKS)
    own = ready.isolation in (READ_COMMITTED, "read uncommitted")
    returned = {SEQUENCES, *(open_.kept & writes)} & writes
    return Footprint(
        connection=ready.connection,
        reads=reads if own else NONE,
        predicates=reads if ready.isolation == SERIALIZABLE else NONE,
        writes=writes,
        commits=frozenset(returned),
        snapshot=fresh and not own,
        everything=everything,
        serializable=ready.isolation == SERIALIZABLE,
    )
