"""A column's distribution: common values, and a histogram whose bounds are real values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .values import Array


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """What a share of the values' order says: `at(0.5)` is the median.

    Pieces lie in the order of the values. A piece is a single value (`levels` 1, `width` 0) or a bin of a histogram, in
    which `levels` distinct values lie from `low` on, evenly, over `width`.
    """

    low: Array
    width: Array
    levels: Array
    mass: Array
    unit: float = 1
    """Whole numbers: all values are multiples of it. Floats: a power of ten to which they are rounded; 0: not rounded."""

    @cached_property
    def ends(self) -> Array:
        """Where each piece ends, as a share of the rows that are not NULL."""
        total = np.cumsum(self.mass)
        return np.asarray(total / total[-1])

    @property
    def whole(self) -> bool:
        """Are the values whole numbers?"""
        return self.low.dtype.kind == "i"

    @cached_property
    def ties(self) -> float:
        """The correlation that equal values have by themselves, because ANALYZE breaks ties by position."""
        share = self.mass / self.mass.sum()
        return float((share**2 / np.maximum(1, self.levels)).sum())

    def untied(self, correlation: float | None) -> float:
        """The correlation to draw with, so that ANALYZE finds `correlation`."""
        if correlation is None or self.ties > 0.99:
            return 0.0
        if correlation < 0:
            return max(-1.0, correlation)
        return float(np.clip((correlation - self.ties) / (1 - self.ties), -1, 1))

    def at(self, shares: Array) -> Array:
        """The values at these shares of the order."""
        piece = np.minimum(np.searchsorted(self.ends, shares, side="right"), len(self.low) - 1)
        begin = np.concatenate([[0.0], self.ends[:-1]])
        size = np.maximum(self.ends - begin, 1e-300)
        levels = self.levels[piece]
        inside = np.floor(np.clip((shares - begin[piece]) / size[piece], 0, 1 - 1e-12) * levels) / levels
        if self.whole:
            steps = (inside * (self.width[piece] / self.unit)).astype("i8") * np.int64(self.unit)
            return np.asarray(self.low[piece] + steps)
        found = self.low[piece] + inside * self.width[piece]
        if self.unit:
            exact = inside == 0
            found = np.where(exact, found, np.round(found, round(-np.log10(self.unit))))
        return np.asarray(found)

    def below(self, values: Array) -> Array:
        """The share of the order that lies below these values."""
        low = self.low.astype("f8")
        begin = np.concatenate([[0.0], self.ends[:-1]])
        piece = np.clip(np.searchsorted(low, values, side="right") - 1, 0, len(low) - 1)
        inside = np.clip((values - low[piece]) / np.maximum(self.width[piece].astype("f8"), 1), 0, 1)
        return np.where(values < low[0], 0.0, begin[piece] + inside * (self.ends[piece] - begin[piece]))


LAST = 0.01
"""Of a bin's rows: those that have the histogram's very last value."""


def make(
    common: Array,
    frequencies: Array,
    bounds: Array,
    *,
    distinct: float,
    present: float = 1.0,
    unit: float | None = None,
) -> Distribution:
    """From statistics: common values with their shares of all rows, of which `present` are not NULL.

    `distinct`: how many values there are in all. With no more of them than bounds, the bounds are the values.
    """
    whole = common.dtype.kind == "i" or bounds.dtype.kind == "i"
    kind = "i8" if whole else "f8"
    common, bounds = common.astype(kind), np.sort(bounds.astype(kind))
    step = unit if unit is not None else _unit(np.concatenate([common, bounds]), whole)
    rest = max(0.0, present - float(frequencies.sum()))
    low, width, levels, mass = (
        [common],
        [np.zeros(len(common), kind)],
        [np.ones(len(common))],
        [frequencies.astype("f8")],
    )
    others = max(1.0, distinct - len(common))
    if len(bounds) and (rest > 1e-9 or not len(common)):
        values = np.unique(bounds)
        if others <= len(values) * 1.05 or len(values) == 1:
            _, times = np.unique(bounds, return_counts=True)
            share = times / times.sum()
            low, width = [*low, values], [*width, np.zeros(len(values), kind)]
            levels, mass = [*levels, np.ones(len(values))], [*mass, share * max(rest, 1e-9)]
        else:
            # values that come twice among the bounds are frequent; the others share what there is besides
            bins, gaps = len(bounds) - 1, np.diff(bounds)
            wide = gaps > 0
            many = np.ones(bins)
            many[wide] += np.diff(np.floor(np.linspace(0, others - len(values), int(wide.sum()) + 1)))
            share = max(rest, 1e-9) / bins
            low, width = [*low, bounds[:-1], bounds[-1:]], [*width, gaps, np.zeros(1, kind)]
            levels, mass = [*levels, many, np.ones(1)], [*mass, np.full(bins, share), np.full(1, share * LAST)]
    elif rest > 0.02 and len(common) == 0:
        raise ValueError("a distribution needs common values or bounds")
    lows = np.concatenate(low)
    sequence = np.lexsort((np.concatenate(width), lows))
    return Distribution(
        low=lows[sequence],
        width=np.concatenate(width)[sequence],
        levels=np.concatenate(levels)[sequence],
        mass=np.maximum(np.concatenate(mass)[sequence], 1e-12),
        unit=step,
    )


def _unit(values: Array, whole: bool) -> float:
    """The grid on which all known values lie: whole days, cents, thousands. Chance makes no grid of twenty values."""
    if whole:
        if len(values) < 20:
            return 1
        return max(1, int(np.gcd.reduce(np.abs(values))))
    finite = values[np.isfinite(values)]
    for digits in range(7):
        if np.array_equal(np.round(finite, digits), finite):
            return float(10.0**-digits)
    return 0.0


def drawn_from(distinct: float, rows: float) -> float:
    """From how many values `rows` draws find `distinct` different ones: chance leaves some out, and takes others twice."""
    share = distinct / max(1.0, rows)
    if share <= 0.05:
        return distinct
    if share >= 0.999:
        return distinct * 500
    low, high = 1e-3, 600.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * (1 - np.exp(-1 / middle)) < share else (low, middle)
    return max(distinct, high * rows)


def strictly(values: Array, unit: int = 1) -> Array:
    """A rising sequence of whole numbers, moved as little as needed to have no two alike."""
    steps = np.arange(len(values)) * unit
    return np.asarray(np.maximum.accumulate(values - steps) + steps)
