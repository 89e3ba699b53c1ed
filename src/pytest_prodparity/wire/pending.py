"""Trips that are still becoming."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, cast

from .memory import Prepared
from .sender import Sender
from .trip import Parameter, Statement


def draft(made: type) -> Any:
    """A class with the same slots, which can be filled and then turned into `made`.

    A frozen dataclass sets each of its fields through `object.__setattr__`, which took a third of a trip's time.
    """
    return type(f"_{made.__name__}Draft", (), {"__slots__": made.__slots__})  # type: ignore[attr-defined]


_StatementDraft = draft(Statement)


class Run:
    """A Statement that is still becoming."""

    __slots__ = ("cut", "error", "executed", "parameters", "rows", "sql", "sqlstate", "suspended", "tag")

    def __init__(self, sql: str, cut: bool, executed: bool) -> None:
        self.sql = sql
        self.cut = cut
        self.executed = executed
        self.parameters: tuple[Parameter, ...] = ()
        self.rows = 0
        self.tag: str | None = None
        self.sqlstate: str | None = None
        self.error: str | None = None
        self.suspended = False

    def statement(self) -> Statement:
        made: Any = _StatementDraft()
        made.sql = self.sql
        made.parameters = self.parameters
        made.described_only = not self.executed
        made.tag = self.tag
        made.rows = self.rows
        made.sqlstate = self.sqlstate
        made.error = self.error
        made.suspended = self.suspended
        made.cut = self.cut
        made.__class__ = Statement
        return cast("Statement", made)


class Pending:
    """A trip under way."""

    __slots__ = ("at", "awaited", "closed", "end", "failed", "named", "runs", "sender", "simple", "started")

    def __init__(self, started: float) -> None:
        self.started = started
        self.runs: list[Run] = []
        self.simple = False
        self.closed = False
        """Its Query or Sync has been sent."""
        self.end = 0
        """Position in the client's stream after it."""
        self.failed = False
        """The server has refused something and skips what follows."""
        self.at = 0
        """Of a simple Query: the statement that runs."""
        self.awaited: deque[tuple[str, Run | None, Callable[[], None] | None]] = deque()
        """Of the extended protocol: the answer that is due, for which statement, and how to undo what we assumed."""
        self.named: dict[bytes, Run] = {}
        """Statements parsed or described in this trip and not yet bound, by name."""
        self.sender: Sender | None = None

    def current(self) -> Run | None:
        """The statement to which rows and errors belong."""
        if self.awaited:
            return self.awaited[0][1]
        return self.runs[min(self.at, len(self.runs) - 1)] if self.simple and self.runs else None


class Portal:
    __slots__ = ("parameters", "prepared", "run", "trip")

    def __init__(self, prepared: Prepared | None, parameters: tuple[Parameter, ...], run: Run, trip: Pending) -> None:
        self.prepared = prepared
        self.parameters = parameters
        self.run = run
        self.trip = trip
