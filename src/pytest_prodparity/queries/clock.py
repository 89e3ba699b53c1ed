"""From cost to time: an estimate with a band, never a measurement."""

from __future__ import annotations

from .reading import Reading

SECONDS_PER_COST = 1e-5
"""One cost unit is one page read in sequence: 8 kB at 800 MB/s, or 100 rows at 0.1 us each."""


def estimate(reading: Reading) -> float | None:
    """Seconds that production would take, right within a factor of a few."""
    return reading.plan.cost * SECONDS_PER_COST
