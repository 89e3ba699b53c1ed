"""From a plan's cost to seconds: an estimate with a band, never a measurement."""

from __future__ import annotations

from collections.abc import Mapping

from .plan import Plan

SECONDS_PER_COST = 5e-6
"""Seconds of one cost unit at PostgreSQL's default constants: the geometric mean of processor time over cost for TPC-H's 22
queries at scale 1 without workers, data in memory; 19 of the 22 lie within the band. Disks that wait are not in it."""

BAND = 3.0
"""The truth lies between a third and three times the estimate, most of the time."""

_DEFAULT_TUPLE_COST = 0.01


def estimated_seconds(plan: Plan, settings: Mapping[str, str] | None = None) -> tuple[float, float, float]:
    """Low, middle and high seconds for one execution.

    `settings` are production's: where all cost constants are scaled (`cpu_tuple_cost` is not 0.01), so is the unit. A lower
    `random_page_cost` needs no correction: it is what makes costs nearer to the truth on memory and SSD.
    """
    try:
        unit = float((settings or {}).get("cpu_tuple_cost", _DEFAULT_TUPLE_COST)) / _DEFAULT_TUPLE_COST
    except ValueError:
        unit = 1.0
    middle = plan.cost * SECONDS_PER_COST / (unit if unit > 0 else 1.0)
    return middle / BAND, middle, middle * BAND
