"""Where a column's values come from: each value has a code, and the same code is always the same value.

So keys are arrays of codes, whatever their type, and what refers to them takes codes and has them read by the column
that it refers to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .chance import generator, order, shares
from .distribution import Distribution
from .text import Texter, uuids
from .values import DTYPES, Array, Form, Pool, Values


class Source(Protocol):
    """Draws codes by their share of the values' order, and turns codes into values."""

    @property
    def ties(self) -> float:
        """The correlation that equal values have by themselves."""

    def draw(self, places: Array) -> Array:
        """The codes at these shares of the order."""

    def decode(self, codes: Array) -> Values:
        """The values of these codes."""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """Numbers and times; the code of one is itself."""

    form: Form
    distribution: Distribution
    scale: int = 0

    @property
    def ties(self) -> float:
        """Of equal values."""
        return self.distribution.ties

    def draw(self, places: Array) -> Array:
        """The values themselves."""
        return self.distribution.at(places)

    def decode(self, codes: Array) -> Values:
        """As the column's form has them."""
        return Values(form=self.form, data=codes.astype(DTYPES[self.form]), scale=self.scale)


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """Values that are listed, in their order, each with its share."""

    pool: Pool
    weights: Array
    nothing: bool = False
    """Is no value known at all, so that every row is NULL?"""

    @property
    def ties(self) -> float:
        """Of equal values."""
        share = self.weights / self.weights.sum()
        return float((share**2).sum())

    def draw(self, places: Array) -> Array:
        """Positions in the pool."""
        ends = np.cumsum(self.weights) / self.weights.sum()
        return np.minimum(np.searchsorted(ends, places, side="right"), len(self.pool) - 1)

    def decode(self, codes: Array) -> Values:
        """From the pool."""
        nulls = np.ones(len(codes), "?") if self.nothing else None
        return Values(form="pool", data=codes.astype("i8"), pool=self.pool, nulls=nulls)


@dataclass(frozen=True, kw_only=True)
class Made:
    """Texts that are made from their number."""

    texter: Texter
    size: int
    ties: float = 0.0

    def draw(self, places: Array) -> Array:
        """Each of `size` texts as often as the others."""
        return np.asarray(np.floor(places * self.size).astype("i8"))

    def decode(self, codes: Array) -> Values:
        """The texts of these numbers."""
        return self.texter.make(codes)


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Common values from a list, all others made. Codes below the list's length are places in it."""

    common: Pooled
    share: float
    """Of the common values together."""
    others: Made

    @property
    def ties(self) -> float:
        """Of equal values."""
        return self.share**2 * self.common.ties

    def draw(self, places: Array) -> Array:
        """The first `share` of the order is common."""
        first = self.common.draw(np.minimum(places / max(self.share, 1e-12), 1))
        rest = self.others.draw(np.clip((places - self.share) / max(1 - self.share, 1e-12), 0, np.nextafter(1, 0)))
        return np.where(places < self.share, first, rest + len(self.common.pool))

    def decode(self, codes: Array) -> Values:
        """Texts, whichever they are."""
        count = len(self.common.pool)
        common = codes < count
        made = self.others.decode(np.maximum(codes - count, 0))
        rows = np.flatnonzero(common)
        made.put(rows, spelled(self.common.pool, codes[rows]))
        return made


def spelled(pool: Pool, codes: Array) -> Values:
    """A pool's entries as texts."""
    return Values(form="text", data=pool.rows(codes), lengths=pool.lengths[codes])


@dataclass(frozen=True, kw_only=True)
class Uuids:
    """UUIDs made from their number."""

    size: int
    salt: int
    ties: float = 0.0

    def draw(self, places: Array) -> Array:
        """Each of `size` as often as the others."""
        return np.asarray(np.floor(places * self.size).astype("i8"))

    def decode(self, codes: Array) -> Values:
        """Sixteen bytes each."""
        return Values(form="uuid", data=uuids(codes, self.salt))


@dataclass(frozen=True, kw_only=True)
class Referring:
    """What a foreign key's column holds: codes of the column that it refers to, which reads them too."""

    target: Source
    codes: Array
    """Of each row of the parent, in the order in which `distribution` numbers them."""
    distribution: Distribution

    @property
    def ties(self) -> float:
        """Of equal values."""
        return self.distribution.ties

    def draw(self, places: Array) -> Array:
        """The parents' codes."""
        return self.codes[self.ranks(places)]

    def ranks(self, places: Array) -> Array:
        """Which parents, by number."""
        return np.clip(self.distribution.at(places), 0, len(self.codes) - 1)

    def decode(self, codes: Array) -> Values:
        """As the parent has them."""
        return self.target.decode(codes)


@dataclass(frozen=True, kw_only=True)
class Serial:
    """Unique whole numbers at even distances, made from the row's number."""

    first: int
    step: float
    """In units."""
    form: Form
    unit: int = 1
    scale: int = 0
    ties: float = 0.0
    production: Distribution | None = None
    """Where these numbers were moved away from production's: how those lie."""

    def at(self, ranks: Array) -> Array:
        """The numbers of these ranks."""
        return np.asarray(self.first + np.floor(ranks * self.step).astype("i8") * self.unit)

    def draw(self, places: Array) -> Array:
        """Not drawn: each is taken once."""
        raise NotImplementedError

    def decode(self, codes: Array) -> Values:
        """As the column's form has them."""
        return Values(form=self.form, data=codes.astype(DTYPES[self.form]), scale=self.scale)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A column whose rows are drawn one by one, block by block."""

    name: str
    source: Source
    correlation: float = 0.0
    null: float = 0.0
    drawn_with: str = ""
    """Columns that share it are drawn, and are NULL, together: those of one foreign key."""


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """A column whose code is known for each row: a key."""

    name: str
    source: Source
    codes: Array | None = None
    """None: a Serial's own, or the row's number."""
    null: float = 0.0
    drawn_with: str = ""


Column = Drawn | Fixed


def codes(column: Column, start: int, count: int, total: int, seed: int, table: str) -> Array:
    """The codes of a block of rows."""
    if isinstance(column, Fixed):
        if column.codes is not None:
            return np.asarray(column.codes[start : start + count])
        ranks = np.arange(start, start + count)
        return column.source.at(ranks) if isinstance(column.source, Serial) else ranks
    chance = generator(seed, table, column.drawn_with or column.name, str(start))
    if abs(column.correlation) < 0.02:
        # each block has its fair share of every value; in order they are found faster
        places = (np.arange(count) + chance.random(count)) / max(1, count)
        return np.asarray(column.source.draw(places)[chance.permutation(count)])
    return column.source.draw(shares(column.correlation, start, count, total, chance))


def block(column: Column, start: int, count: int, total: int, seed: int, table: str) -> Values:
    """The values of a block of rows."""
    values = column.source.decode(codes(column, start, count, total, seed, table))
    if column.null > 0:
        chance = generator(seed, table, column.drawn_with or column.name, "null", str(start))
        empty = chance.random(count) < column.null
        values.nulls = empty if values.nulls is None else values.nulls | empty
    return values


def ordered(correlation: float, total: int, seed: int, *names: str) -> Array:
    """A permutation, for a key whose values do not rise with the rows."""
    return order(correlation, total, generator(seed, *names, "order"))
