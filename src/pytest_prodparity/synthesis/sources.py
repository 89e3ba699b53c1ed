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
from .values import CHUNK, DTYPES, Array, Form, Pool, Values


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
class After:
    """A date or time that lies some seconds after another one."""

    base: Column
    unit: int
    """Microseconds of one step of this column: a day's, or 1."""
    base_unit: int
    shares: Array
    """Of the differences' order, rising from 0 to 1."""
    seconds: Array
    """The differences at these shares."""

    def codes(self, base: Array, places: Array) -> Array:
        """From the base's codes and a place in the differences' order for each."""
        gaps = (np.interp(places, self.shares, self.seconds) * 1e6).astype("i8")
        if self.base_unit > 1 and self.unit > 1:
            gaps = np.rint(gaps / self.unit).astype("i8") * self.unit
        low, high = _infinite(self.base_unit)
        known = base.astype("i8")
        finite = (known > low) & (known < high)
        found = (np.where(finite, known, 0) * self.base_unit + gaps) // self.unit
        low, high = _infinite(self.unit)
        return np.where(finite, found, np.where(known > 0, high, low))


def _infinite(unit: int) -> tuple[int, int]:
    """-infinity and infinity of a date, whose step has many microseconds, or of a timestamp."""
    return (-(2**31), 2**31 - 1) if unit > 1 else (-(2**63), 2**63 - 1)


@dataclass(frozen=True, kw_only=True)
class By:
    """What follows from another column of the row: the same for the same."""

    base: Column
    known: Array
    """Codes of the other column, rising."""
    places: Array
    """For each a place in the order of the values: shuffled, but with all shares as they should be."""

    @classmethod
    def of(cls, base: Column, drawn: Array) -> By:
        """`drawn`: codes of the other column from all over the table."""
        known, times = np.unique(drawn, return_counts=True)
        shuffled = np.argsort(_hashed(known), kind="stable")
        ends = np.cumsum(times[shuffled]) / max(1, len(drawn))
        places = np.empty(len(known))
        places[shuffled] = ends - times[shuffled] / max(1, len(drawn)) / 2
        return cls(base=base, known=known, places=places)

    def shares(self, base: Array) -> Array:
        """A place for each row."""
        at = np.minimum(np.searchsorted(self.known, base), len(self.known) - 1)
        return np.where(self.known[at] == base, self.places[at], _hashed(base))


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """What goes with another column of the row, or with its NULLs: shares of ranks, by groups of the other's ranks."""

    base: Column | None
    """None: the row's NULLs."""
    known: Array
    """Codes of the other column, rising, from all over the table; of the row's NULLs the cumulated shares of patterns."""
    begins: Array
    """Where in the order each group of the other column begins."""
    cumulated: Array
    """For each group the cumulated shares of this column's groups, from 0 to 1."""
    edges: Array
    """Where in the order this column's groups begin, and 1."""

    def groups(self, base: Array) -> Array:
        """Of the other column's codes."""
        low = np.searchsorted(self.known, base, side="left")
        middle = (low + np.searchsorted(self.known, base, side="right")) / (2.0 * len(self.known))
        return np.asarray(np.searchsorted(self.begins, middle, side="right") - 1)

    def shares(self, groups: Array, places: Array) -> Array:
        """A place in the order of this column for each row."""
        width = self.cumulated.shape[1]
        flat = (self.cumulated + np.arange(len(self.cumulated))[:, None]).ravel()
        at = np.searchsorted(flat, groups + places, side="right") - groups * width - 1
        at = np.clip(at, 0, width - 2)
        low, high = self.cumulated[groups, at], self.cumulated[groups, at + 1]
        inside = np.clip((places - low) / np.maximum(high - low, 1e-12), 0, 1)
        found = self.edges[at] + inside * (self.edges[at + 1] - self.edges[at])
        return np.asarray(np.clip(found, 0, np.nextafter(1.0, 0)))


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """NULLs that come together with those of other columns of the table."""

    ends: Array
    """Cumulated shares of the table's patterns; what is left has none."""
    null: Array
    """This column's share of NULLs in each pattern, and where there is none."""

    def empty(self, places: Array, own: Array) -> Array:
        """Which rows are NULL: `places` is the same for all columns of the table."""
        return np.asarray(own < self.null[np.searchsorted(self.ends, places, side="right")])


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A column whose rows are drawn one by one, block by block."""

    name: str
    source: Source
    correlation: float = 0.0
    null: float = 0.0
    drawn_with: str = ""
    """Columns that share it are drawn, and are NULL, together: those of one foreign key."""
    pattern: Pattern | None = None
    after: After | None = None
    by: By | None = None
    ranked: Ranked | None = None


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """A column whose code is known for each row: a key."""

    name: str
    source: Source
    codes: Array | None = None
    """None: a Serial's own, or the row's number."""
    null: float = 0.0
    absent: Array | None = None
    """Rows that are NULL, where that is known for each."""
    drawn_with: str = ""
    pattern: Pattern | None = None


Column = Drawn | Fixed


def codes(column: Column, start: int, count: int, total: int, seed: int, table: str) -> Array:
    """The codes of a block of rows."""
    if isinstance(column, Fixed):
        if column.codes is not None:
            return np.asarray(column.codes[start : start + count])
        ranks = np.arange(start, start + count)
        return column.source.at(ranks) if isinstance(column.source, Serial) else ranks
    chance = generator(seed, table, column.drawn_with or column.name, str(start))
    if column.after is not None:
        return column.after.codes(codes(column.after.base, start, count, total, seed, table), chance.random(count))
    if column.by is not None:
        return column.source.draw(column.by.shares(codes(column.by.base, start, count, total, seed, table)))
    if column.ranked is not None:
        ranked = column.ranked
        if ranked.base is None:
            groups = patterns(ranked.known, start, count, seed, table)
        else:
            groups = ranked.groups(codes(ranked.base, start, count, total, seed, table))
        return column.source.draw(ranked.shares(groups, chance.random(count)))
    if abs(column.correlation) < 0.02:
        # each block has its fair share of every value; in order they are found faster
        places = (np.arange(count) + chance.random(count)) / max(1, count)
        return np.asarray(column.source.draw(places)[chance.permutation(count)])
    return column.source.draw(shares(column.correlation, start, count, total, chance))


def _hashed(codes: Array) -> Array:
    """A share for each code, the same for the same code."""
    bits = codes.astype("f8").view("u8") if codes.dtype.kind == "f" else codes.astype("i8").view("u8")
    # splitmix64
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((bits ^ (bits >> np.uint64(31))) / 2.0**64 * (1 - 1e-12))


def patterns(ends: Array, start: int, count: int, seed: int, table: str) -> Array:
    """Which of the table's patterns of NULLs each row has; the number of them: none."""
    found = []
    for at in range(start, start + count, CHUNK):
        places = generator(seed, table, "", "null", str(at)).random(min(CHUNK, start + count - at))
        found.append(np.searchsorted(ends, places, side="right"))
    return np.concatenate(found) if found else np.zeros(0, "i8")


def block(column: Column, start: int, count: int, total: int, seed: int, table: str) -> Values:
    """The values of a block of rows."""
    values = column.source.decode(codes(column, start, count, total, seed, table))
    empty = nulls(column, start, count, seed, table)
    if empty is not None:
        values.nulls = empty if values.nulls is None else values.nulls | empty
    return values


def nulls(column: Column, start: int, count: int, seed: int, table: str) -> Array | None:
    """Which rows of a block are NULL; None where none is."""
    if isinstance(column, Fixed) and column.absent is not None:
        return column.absent[start : start + count]
    if column.null <= 0:
        return None
    chance = generator(seed, table, column.drawn_with or column.name, "null", str(start))
    if column.pattern is not None:
        places = generator(seed, table, "", "null", str(start)).random(count)
        return column.pattern.empty(places, chance.random(count))
    return np.asarray(chance.random(count) < column.null)


def ordered(correlation: float, total: int, seed: int, *names: str) -> Array:
    """A permutation, for a key whose values do not rise with the rows."""
    return order(correlation, total, generator(seed, *names, "order"))
