"""From cost to time: an estimate with a band, never a measurement."""

from __future__ import annotations

from ..twin.clock import estimated_seconds
from .reading import Reading


def estimate(reading: Reading) -> float | None:
    """Seconds that production would take, right within a factor of a few."""
    return estimated_seconds(reading.plan, reading.profile.settings)[1]
