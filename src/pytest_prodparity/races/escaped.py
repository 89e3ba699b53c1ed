"""The exceptions that a load's calls ended with: which of them are findings, which are allowed, which are their own."""

from __future__ import annotations

import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType

from ..core.findings import Source
from ..wire.source import Line, Lines

DEADLOCK = "deadlock"
POOL = "pool-exhausted"
NOT_SERIALIZABLE = "not-serializable"
_BY_STATE = {"40P01": DEADLOCK, "40001": NOT_SERIALIZABLE, "53300": POOL}
_POOLS = {
    ("sqlalchemy", "TimeoutError"),
    ("psycopg_pool", "PoolTimeout"),
    ("psycopg_pool", "TooManyRequests"),
    ("psycopg2", "PoolError"),
}
_FULL = ("too many clients already", "remaining connection slots are reserved", "too many connections for role")
"""A login that is refused has no SQLSTATE in psycopg."""
_DEEP = 10
_PACKAGE = __name__.partition(".")[0] + "."


@dataclass(frozen=True, kw_only=True, slots=True)
class Escape:
    """One kind of exception. Its text may quote rows and is not kept."""

    label: str
    """`DeadlockDetected (40P01)`."""
    rule: str | None
    """None: the call's own failure, unless it is allowed."""
    allowed: bool
    full: bool = False
    """The server itself has no connection left."""
    sources: Counter[Source | None] = field(default_factory=Counter)
    """The innermost lines of the user's that they came through."""

    @property
    def source(self) -> Source | None:
        """Most of them came through it."""
        return self.sources.most_common(1)[0][0]


class Escapes:
    """Told by all actors, from several threads."""

    def __init__(self, lines: Lines, allow: tuple[type[BaseException], ...]) -> None:
        self._lines = lines
        self._allow = allow
        self._lock = threading.Lock()
        self._numbers: dict[tuple[str, str | None, bool], int] = {}
        self.kinds: list[Escape] = []
        self.counts: Counter[int] = Counter()
        """By kind: 1 is the first one."""
        self.own: BaseException | None = None
        """The first failure of the calls' own."""

    def met(self, error: BaseException) -> int:
        """Count it; the number of its kind, from 1."""
        causes = list(_causes(error))
        state = next(filter(None, map(_sqlstate, causes)), None)
        label = type(error).__name__ + (f" ({state})" if state else "")
        allowed = any(isinstance(cause, self._allow) for cause in causes)
        full = state == "53300" or any(part in str(cause) for cause in causes for part in _FULL)
        rule = _BY_STATE.get(state or "") or (POOL if full or _is_pools(causes) else None)
        source = self._source(causes) if rule is not None and not allowed else None
        with self._lock:
            key = label, rule, allowed
            number = self._numbers.get(key)
            if number is None:
                number = self._numbers[key] = len(self.kinds) + 1
                self.kinds.append(Escape(label=label, rule=rule, allowed=allowed, full=full))
                if rule is None and not allowed and self.own is None:
                    self.own = error.with_traceback(_theirs(error.__traceback__))
                    # The frames hold connections, which would stay open.
                    for cause in causes:
                        traceback.clear_frames(cause.__traceback__)
            if rule is not None and not allowed:
                self.kinds[number - 1].sources[source] += 1
            self.counts[number] += 1
            return number

    @property
    def errors(self) -> Counter[str]:
        """By label, the allowed ones too."""
        with self._lock:
            found: Counter[str] = Counter()
            for number, count in self.counts.items():
                found[self.kinds[number - 1].label] += count
            return found

    def of(self, rule: str | None) -> list[tuple[Escape, int]]:
        """The kinds of one rule that are not allowed, the most frequent first; of None the calls' own failures."""
        found = [(kind, self.counts[number]) for number, kind in enumerate(self.kinds, 1)]
        return sorted(
            (each for each in found if each[0].rule == rule and not each[0].allowed), key=lambda each: -each[1]
        )

    def _source(self, causes: list[BaseException]) -> Source | None:
        for cause in causes:
            lines: list[Line] = []
            self._lines.of_trace(cause.__traceback__, lines)
            if lines:
                return lines[0][0]
        return None


def _theirs(trace: TracebackType | None) -> TracebackType | None:
    """From where on it is not this package's."""
    at = trace
    while at is not None and str(at.tb_frame.f_globals.get("__name__", "")).startswith(_PACKAGE):
        at = at.tb_next
    return at or trace


def _causes(error: BaseException) -> Iterator[BaseException]:
    """It, what it was raised from, and the driver's that it wraps. Not what was being handled when it came: that may be past."""
    at: BaseException | None = error
    for _ in range(_DEEP):
        if at is None:
            return
        yield at
        wrapped = getattr(at, "orig", None)
        at = wrapped if isinstance(wrapped, BaseException) else at.__cause__


def _sqlstate(error: BaseException) -> str | None:
    found = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return found if isinstance(found, str) else None


def _is_pools(causes: list[BaseException]) -> bool:
    for cause in causes:
        kind = type(cause)
        if any((kind.__module__.partition(".")[0], each.__name__) in _POOLS for each in kind.__mro__[:2]):
            return True
    # asyncpg's pool lets the loop's own TimeoutError pass.
    return any(isinstance(cause, TimeoutError) for cause in causes) and any(map(_came_from_asyncpg, causes))


def _came_from_asyncpg(error: BaseException) -> bool:
    modules = {str(frame.f_globals.get("__name__", "")) for frame, _ in traceback.walk_tb(error.__traceback__)}
    return "asyncpg.pool" in modules and not modules & {"asyncpg.connection", "asyncpg.connect_utils"}
