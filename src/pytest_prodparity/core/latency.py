"""How long a round trip takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .errors import UsageError
from .seeds import seeded

SHARES = (0.1, 0.5, 0.9, 0.99)
"""Of which round trips a profile says how long they took."""
UNKNOWN_MS = 0.5
_Z99 = 2.3263478740408408
"""The 0.99 quantile of the normal distribution."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """Every round trip takes `ms` milliseconds longer; half of it on the way out, half on the way back."""

    ms: float
    """The median."""
    jitter: float = 0.0
    """Plus or minus so much, evenly."""
    p99: float | None = None
    """Instead of `jitter`: a lognormal tail, of which one round trip in a hundred takes this long or longer."""
    quantiles: tuple[float, ...] = ()
    """Instead of both: what was measured, as in a profile: the quantiles 0.1, 0.5, 0.9 and 0.99."""
    kb_per_s: float | None = None
    """Each direction takes no more than so many kilobytes (of 1000 bytes) a second."""

    def __post_init__(self) -> None:
        for name, value in (("ms", self.ms), ("jitter", self.jitter), ("p99", self.p99), ("kb_per_s", self.kb_per_s)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
                raise UsageError(f"Latency({name}={value!r}) is no number.", fix="Latency(ms=0.5, jitter=0.2)")
        if not 0 <= self.ms < math.inf:
            raise UsageError(f"Latency(ms={self.ms!r}) is no time.", fix="Latency(ms=0.5), in milliseconds")
        if not 0 <= self.jitter <= self.ms:
            raise UsageError(
                f"Latency(ms={self.ms!r}, jitter={self.jitter!r}): a round trip would take less than no time.",
                fix="a jitter from 0 to ms",
            )
        if self.p99 is not None and not 0 < self.ms <= self.p99 < math.inf:
            raise UsageError(
                f"Latency(ms={self.ms!r}, p99={self.p99!r}): one in a hundred takes at least as long as the median.",
                fix="a p99 above ms",
            )
        if self.kb_per_s is not None and not 0 < self.kb_per_s < math.inf:
            raise UsageError(f"Latency(kb_per_s={self.kb_per_s!r}) is no rate.", fix="a number above 0")
        if sum((bool(self.jitter), self.p99 is not None, bool(self.quantiles))) > 1:
            raise UsageError(
                "Latency takes one of jitter, p99 and quantiles, not several.", fix="Latency(ms=0.5, p99=4)"
            )
        if self.quantiles and (len(self.quantiles) != len(SHARES) or list(self.quantiles) != sorted(self.quantiles)):
            raise UsageError(
                f"Latency(quantiles={self.quantiles!r}): four rising numbers are the quantiles 0.1, 0.5, 0.9 and 0.99.",
                fix="Latency(ms=0.5, quantiles=(0.4, 0.5, 0.8, 2.0))",
            )

    @classmethod
    def measured(cls, round_trip_ms: Sequence[float], *, tail: bool) -> Latency:
        """From a profile's `round_trip_ms`: its median, or with the tail all of it; 0.5 ms where it has none."""
        if len(round_trip_ms) != len(SHARES):
            return cls(ms=UNKNOWN_MS)
        return cls(ms=round_trip_ms[1], quantiles=tuple(round_trip_ms) if tail else ())

    def sampler(self, seed: int) -> Sampler:
        """Draws round trips; the same ones for the same seed."""
        return Sampler(self, seeded(seed, "latency"))


class Sampler:
    """Draws round trips, in seconds; also from several threads."""

    def __init__(self, latency: Latency, random: Random) -> None:
        self._random = random
        self._ms = latency.ms
        self._jitter = latency.jitter
        self._sigma = math.log(latency.p99 / latency.ms) / _Z99 if latency.p99 is not None else 0.0
        self._quantiles = latency.quantiles
        self.bytes_per_s = latency.kb_per_s * 1000 if latency.kb_per_s is not None else None

    def sample(self) -> float:
        """How much longer the next round trip takes."""
        if self._jitter:
            return (self._ms + self._jitter * (2 * self._random.random() - 1)) / 1000
        if self._sigma:
            return self._ms * math.exp(self._sigma * self._random.gauss(0, 1)) / 1000
        if self._quantiles:
            return self._drawn(self._random.random()) / 1000
        return self._ms / 1000

    def _drawn(self, share: float) -> float:
        """Between two quantiles evenly; beyond the first and the last none is known."""
        last, low = SHARES[0], self._quantiles[0]
        for here, high in zip(SHARES, self._quantiles, strict=True):
            if share <= here:
                return low if here == last else low + (high - low) * (share - last) / (here - last)
            last, low = here, high
        return low
