"""What a load came to: latencies, errors, waits, what is left, findings; in figures, in words, as a picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..core.findings import Finding, Source
from .charges import Hung
from .crowd import Crowd
from .escaped import Escapes
from .queues import LockWaits, PoolWaits, Queues

POINTS = 2_000
_OPEN = "from when it was due, at a rate: whether or not the calls before had ended"
_CLOSED = "closed: who waits calls less often, so slow moments count too little; rate= counts them"


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantiles:
    """Of latencies, in seconds; each is a call that was seen (nearest rank). Not a number where no call was measured."""

    p50: float
    p90: float
    p99: float
    p999: float
    max: float
    calls: int
    measured: str
    """From when on, and what is therefore not in it."""

    @classmethod
    def of(cls, seconds: NDArray[np.float64], measured: str) -> Quantiles:
        """Of one figure a call."""
        if not len(seconds):
            nan = float("nan")
            return cls(p50=nan, p90=nan, p99=nan, p999=nan, max=nan, calls=0, measured=measured)
        p50, p90, p99, p999 = np.quantile(seconds, (0.5, 0.9, 0.99, 0.999), method="inverted_cdf").tolist()
        return cls(
            p50=p50, p90=p90, p99=p99, p999=p999, max=float(seconds.max()), calls=len(seconds), measured=measured
        )

    def __str__(self) -> str:
        if not self.calls:
            return "no call was measured"
        named = (("p50", self.p50), ("p90", self.p90), ("p99", self.p99), ("p99.9", self.p999), ("max", self.max))
        return "  ".join(f"{name} {lasting(value)}" for name, value in named)


@dataclass(frozen=True, kw_only=True, slots=True)
class Remains:
    """What is there after the load that was not there before."""

    connections: int = 0
    """Open ones, such as a pool keeps."""
    transactions: int = 0
    advisory_locks: int = 0
    where: tuple[Source, ...] = ()
    """The lines that opened the connections with open transactions."""

    def __bool__(self) -> bool:
        return bool(self.transactions or self.advisory_locks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One call: when it was due, in seconds since the measuring began."""

    at: float
    latency: float
    error: str | None
    """`DeadlockDetected (40P01)`; None where it ended well."""


@dataclass(frozen=True, kw_only=True)
class Stress:
    """What `parity_stress` gives."""

    actors: int
    seconds: float
    """Of measuring."""
    rate: float | None
    calls: int
    """That were due while it was measured, and have ended."""
    done: int
    """That ended well, those before and after the measuring included: as often as what they do was done."""
    latency: Quantiles
    """Of all calls, however they ended; of those that did not end, or never began, the time until it was given up."""
    service: Quantiles
    """From a call's real beginning on: without the wait for an actor that is free."""
    throughput: float
    """Calls that ended, a second."""
    errors: Counter[str]
    """All that came out of the calls, the allowed ones too, by `type (sqlstate)`."""
    deadlocks: int
    """That the database ended, also where the code tried again."""
    serialization_failures: int
    """40001, also where the code tried again."""
    pool_waits: PoolWaits
    lock_waits: LockWaits
    left: Remains
    unstarted: int = 0
    """Calls that were due, and no actor was free for in all the time there was."""
    hung: int = 0
    """Calls that had to be ended."""
    findings: tuple[Finding, ...] = ()
    failure: BaseException | None = field(default=None, repr=False)
    """The first failure of the calls' own, or the invariant's; who began the load raises it."""
    notes: tuple[str, ...] = ()
    times: NDArray[np.float64] = field(repr=False, compare=False, default_factory=lambda: np.empty((0, 2)))
    """Of each measured call: when it was due, in seconds since the measuring began, and how long it took."""
    labels: tuple[str | None, ...] = field(repr=False, compare=False, default=())
    """Of each measured call: its error."""

    def points(self, most: int = POINTS) -> list[Point]:
        """At most so many calls, in order of time, for a plot: of each stretch of time the slowest call, and an error if there is one."""
        order = np.argsort(self.times[:, 0], kind="stable")
        if len(order) > most:
            order = self._thinned(order, most)
        return [
            Point(at=float(self.times[index, 0]), latency=float(self.times[index, 1]), error=self.labels[index])
            for index in order.tolist()
        ]

    def _thinned(self, order: NDArray[np.intp], most: int) -> NDArray[np.intp]:
        kept: list[int] = []
        for part in np.array_split(order, most // 3):
            slowest = int(part[np.argmax(self.times[part, 1])])
            # The first one stands for the usual ones.
            broken = next((int(index) for index in part if self.labels[int(index)] is not None), slowest)
            kept.extend(sorted({int(part[0]), slowest, broken}))
        found = np.array(kept, dtype=np.intp)
        return found[np.argsort(self.times[found, 0], kind="stable")]

    def svg(self) -> str:
        """A picture of the latencies over time, as an `<svg>` element in the colour of the text around it."""
        from ..gate.render.plot import picture

        return picture(self.points(), seconds=self.seconds, about=self._first)

    @property
    def _first(self) -> str:
        how = f"{self.rate:g} calls a second due" if self.rate is not None else "each calls again when it is done"
        s = "" if self.actors == 1 else "s"
        return (
            f"{self.actors} actor{s} ({how}), {self.seconds:g} s: {self.calls:,} calls, {self.throughput:,.1f} a second"
        )

    def __str__(self) -> str:
        lines = [self._first, f"latency   {self.latency}", f"          {self.latency.measured}"]
        if self.rate is not None:
            lines.append(f"service   {self.service}")
        if self.unstarted:
            lines.append(
                f"          {self.unstarted:,} calls that were due never began: {self.rate:g} a second is too much"
            )
        most = self.errors.most_common(4)
        if most:
            rest = sum(self.errors.values()) - sum(count for _, count in most)
            told = ", ".join(f"{label} {count:,}" for label, count in most)
            total = self.done + sum(self.errors.values())
            lines.append(f"errors    of all {total:,}: {told}" + (f", others {rest:,}" if rest else ""))
        if self.deadlocks or self.serialization_failures:
            lines.append(
                f"database  {self.deadlocks:,} deadlocks, {self.serialization_failures:,} serialization failures"
            )
        lines += self._waits()
        left = self.left
        lines.append(
            f"left      {_counted(left.connections, 'connection')}, {_counted(left.transactions, 'open transaction')},"
            f" {_counted(left.advisory_locks, 'advisory lock')}"
        )
        room = 15 - len(lines)
        said = [*(f"{found.rule}  {found.title}" for found in self.findings), *self.notes]
        lines += said if len(said) <= room else [*said[: room - 1], f"and {len(said) - room + 1} more"]
        return "\n".join(lines)

    def _waits(self) -> list[str]:
        lines = []
        pool, locks = self.pool_waits, self.lock_waits
        if pool.calls:
            where = f"  {pool.source}" if pool.source else ""
            lines.append(
                f"pool      {pool.share:.0%} of the calls' time ({pool.seconds:.1f} s) in a pool's queue{where}"
            )
        if locks.unknown:
            lines.append(f"locks     cannot tell: {locks.unknown}")
        elif locks.worst:
            worst = locks.worst[0]
            lines.append(
                f"locks     {locks.share:.0%} of the calls' time ({locks.seconds:.1f} s) behind a lock, most of it"
            )
            lines.append(f"          {worst.waiting}")
            lines.append(f"          behind {worst.blocking} ({worst.state})")
        return lines


def lasting(seconds: float) -> str:
    """`4.2 ms`, `1.3 s`."""
    if seconds < 0.0995:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 0.9995 else f"{seconds:.2f} s"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@dataclass(frozen=True, kw_only=True)
class Load:
    """One that is over. Times are of `time.monotonic()`."""

    crowd: Crowd
    looking: Queues
    mark: float
    """The end of the warm-up."""
    end: float
    missed: list[float]
    """When calls were due that never began."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """See Stress."""

    calls: int
    latency: Quantiles
    service: Quantiles
    throughput: float
    times: NDArray[np.float64]
    labels: tuple[str | None, ...]


def measure(load: Load | None, hung: list[Hung], escapes: Escapes, *, seconds: float, closed: bool) -> Measures:
    """The figures of the calls that were due after the warm-up."""
    said = _CLOSED if closed else _OPEN
    if load is None:
        none = Quantiles.of(np.empty(0), said)
        return Measures(calls=0, latency=none, service=none, throughput=0.0, times=np.empty((0, 2)), labels=())
    rows = np.concatenate([np.array(actor.times).reshape(-1, 3) for actor in load.crowd.actors])
    filed = np.concatenate([np.array(actor.filed, dtype=np.int64) for actor in load.crowd.actors])
    within = rows[:, 0] >= load.mark
    ended = int(((rows[:, 2] >= load.mark) & (rows[:, 2] <= load.end)).sum())
    rows, filed = rows[within], filed[within]
    missed = [due for due in load.missed if due >= load.mark]
    # What did not end has lasted at least as long as this.
    given_up = [*(each.began + each.seconds - each.due for each in hung), *(load.end - due for due in missed)]
    latency = rows[:, 2] - rows[:, 0]
    service = rows[:, 2] - rows[:, 1]
    labels = (None, *(kind.label for kind in escapes.kinds))
    return Measures(
        calls=len(rows),
        latency=Quantiles.of(np.concatenate([latency, np.array(given_up)]), said),
        service=Quantiles.of(
            np.concatenate([service, np.array([each.seconds for each in hung])]), "from its beginning"
        ),
        throughput=ended / seconds,
        times=np.column_stack([rows[:, 0] - load.mark, latency]),
        labels=tuple([labels[number] for number in filed.tolist()]),
    )
