"""Trips that are still becoming."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from .memory import Prepared
from .trip import Parameter, Statement, Trip


class Run:
    """A Statement that is still becoming: it has the same slots, so that in the end it can be turned into one.

    A frozen dataclass sets each of its fields through `object.__setattr__`, which took a third of a trip's time.
    """

    __slots__ = Statement.__slots__

    def __init__(self, sql: str, cut: bool, described_only: bool) -> None:
        self.sql = sql
        self.cut = cut
        self.described_only = described_only
        self.parameters: tuple[Parameter, ...] = ()
        self.rows = 0
        self.tag: str | None = None
        self.sqlstate: str | None = None
        self.error: str | None = None
        self.suspended = False

    def statement(self) -> Statement:
        """What it has become; it changes no more."""
        made: Any = self
        made.__class__ = Statement
        return cast("Statement", made)


class TripDraft:
    """A Trip before its last field is set, made as a Run is."""

    __slots__ = Trip.__slots__

    if TYPE_CHECKING:
        number: int

        def __setattr__(self, name: str, value: object) -> None: ...


class Pending:
    """A trip under way. (Defaults of the class, because most trips are one simple Query and need few of them.)"""

    simple = False
    closed = False
    """Its Query or Sync has been sent."""
    end = 0
    """Position in the client's stream after it."""
    failed = False
    """The server has refused something and skips what follows."""
    at = 0
    """Of a simple Query: the statement that runs."""
    draft: TripDraft | None = None
    """The Trip, as far as it is known; made once it is closed and its sender is found."""
    awaited: deque[tuple[str, Run | None, Callable[[], None] | None]] | None = None
    """Of the extended protocol: the answer that is due, for which statement, and how to undo what we assumed."""
    named: dict[bytes, Run] | None = None
    """Statements parsed or described in this trip and not yet bound, by name."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.runs: list[Run] = []

    def current(self) -> Run | None:
        """The statement to which rows and errors belong."""
        if self.awaited:
            return self.awaited[0][1]
        return self.runs[min(self.at, len(self.runs) - 1)] if self.simple and self.runs else None

    def wait(self, answer: str, run: Run | None, undo: Callable[[], None] | None = None) -> None:
        """An answer is due."""
        if self.awaited is None:
            self.awaited = deque()
        self.awaited.append((answer, run, undo))

    def name(self, name: bytes, run: Run) -> None:
        """The statement of this name, which has not been bound yet."""
        if self.named is None:
            self.named = {}
        self.named[name] = run


class Portal:
    """A prepared statement with its values, ready to be executed, in parts if the client likes."""

    __slots__ = ("parameters", "prepared", "run", "trip")

    def __init__(self, prepared: Prepared | None, parameters: tuple[Parameter, ...], run: Run, trip: Pending) -> None:
        self.prepared = prepared
        self.parameters = parameters
        self.run = run
        self.trip = trip
