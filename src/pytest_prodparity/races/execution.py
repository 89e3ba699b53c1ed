"""One schedule as it was run: who sent what in which order, who waited for whom, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ..core.delta import Delta
from ..core.findings import Source

READ_COMMITTED = "read committed"
REPEATABLE_READ = "repeatable read"
SERIALIZABLE = "serializable"

Status = Literal["done", "deadlock", "stuck", "diverged"]
"""`deadlock`: actors wait for each other, and the database has not ended that (a pool or a lock of Python is part of
it); `stuck`: one waits for something that nobody here will do; `diverged`: the director's choice could not be had."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """An actor that is held at the wire, and what it is about to send."""

    actor: int
    """0 for the first callable."""
    connection: int
    statements: tuple[str, ...]
    state: str
    """Transaction state before: `I`, `T`, `E`."""
    isolation: str
    """`read committed`, `repeatable read` or `serializable`, of the transaction that it runs in or begins."""
    source: Source | None
    stack: tuple[str, ...] = ()
    """`path:line function`, innermost first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One released trip, in the order of release."""

    ready: Ready
    started: float
    """`time.monotonic()` of the release."""
    ended: float | None
    """Of the answer; None where none came."""
    waited_for: tuple[int, ...] = ()
    """Actors that held what it had to wait for in the database; -1 for anybody else."""
    tags: tuple[str | None, ...] = ()
    """CommandComplete's tag by statement, such as `UPDATE 1`."""
    rows: tuple[int, ...] = ()
    """Rows that came back, by statement."""
    sqlstate: str | None = None
    after: str = ""
    """Transaction state after; empty where the connection ended."""
    reads: frozenset[str] = frozenset()
    """Tables (`schema.table`) that the server locked for reading in this transaction so far; empty where not asked."""
    writes: frozenset[str] = frozenset()
    """Tables that it locked for writing, or rows of which it locked."""

    @property
    def actor(self) -> int:
        """Who sent it."""
        return self.ready.actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A moment at which somebody had to be let go: who could be, and who was."""

    enabled: tuple[Ready, ...]
    chosen: int
    """The actor."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What one callable came to. Values and texts of exceptions may hold rows: they are compared, never shown."""

    value: object = None
    error: BaseException | None = None
    finished: bool = True

    @property
    def sqlstate(self) -> str | None:
        """Of its exception, or of the driver's exception that it wraps."""
        found = getattr(self.error, "sqlstate", None) or getattr(getattr(self.error, "orig", None), "sqlstate", None)
        return found if isinstance(found, str) else getattr(getattr(self.error, "orig", None), "pgcode", None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """An edge of the wait graph at the end of a schedule that did not come to its end."""

    actor: int
    on: Literal["database", "pool", "lock", "sleep", "unknown"]
    holders: tuple[int, ...] = ()
    """Actors that hold it; -1 for anybody else."""
    source: Source | None = None
    said: str = ""
    """One line, such as `waits in psycopg_pool.getconn; all 1 connections are held by actor 1`."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One run of all callables under one director."""

    steps: tuple[Step, ...]
    choices: tuple[Choice, ...]
    """One for each step, in the same order."""
    outcomes: tuple[Outcome, ...]
    """One for each callable."""
    status: Status
    waiting: tuple[Waiting, ...] = ()
    """Where it did not come to its end."""
    delta: Delta | None = None
    """What it changed; filled in by who runs it."""
    requests: tuple[str, ...] = ()
    """What was asked of other services, as digests, sorted."""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """What a reader must know: trips of threads that belong to no actor, another database, an order that the server chose."""

    @property
    def order(self) -> tuple[int, ...]:
        """The actors, by step: the schedule."""
        return tuple([step.actor for step in self.steps])


class Director(Protocol):
    """Says who goes next. Made anew for each schedule."""

    def choose(self, enabled: Sequence[Ready], so_far: Sequence[Step]) -> int | None:
        """One of the enabled actors; None: the schedule cannot be followed any more (`diverged`).

        Called only with at least one enabled actor, each of them held at the wire; the others are blocked in the
        database, or over.
        """


class Conductor(Protocol):
    """Runs the callables once."""

    def run(self, director: Director, *, serially: Sequence[int] | None = None) -> Execution:
        """`serially`: one callable after another in this order, each begun when the last is over; no director is asked."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """How far a search may go."""

    schedules: int | None = None
    """At most so many; None: until all are run."""
    seconds: float = 60.0
    seed: int = 0
    serial_only: bool = False


Verdict = Literal["found", "clean", "cannot tell"]


@dataclass(frozen=True, kw_only=True)
class Searched:
    """What a search came to. `exhausted`: every order that can matter was run, none diverged."""

    verdict: Verdict
    schedules: int
    exhausted: bool
    seconds: float
    serial: tuple[Execution, ...] = ()
    failing: Execution | None = field(default=None, repr=False)
    """The shortest failing schedule that was found."""
    why: str = ""
    """Why nothing can be told."""
