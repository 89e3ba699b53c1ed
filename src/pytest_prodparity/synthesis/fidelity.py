"""How much a volume resembles production: its own statistics beside the profile's, and the rows of its joins.

Both sides are what ANALYZE found, so both have the noise of a sample: a second ANALYZE of the same table alone moves a
common value by up to 0.009 and a distribution by up to 0.014.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

from ..core.errors import UsageError
from ..profile.model import Column, ColumnStatistics, Constraint, Profile, Table
from .plan import leaves_of
from .values import Array

NULL, TOP, KS, CORRELATION, DISTINCT, CHILDREN, JOIN = 0.02, 0.02, 0.05, 0.1, 1.25, 1.15, 2.0
"""What is near enough: differences of shares, of distributions and of correlations; ratios of counts."""
PRESENT = 0.01
"""Below this share of values a distribution is not compared: the sample holds too few of them."""
DAY = 86400.0
FEW = 100
"""Rows below which shares and ratios are chance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """A distribution function: the share of the values that are at most `at`."""

    at: Array
    share: Array


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnFidelity:
    """One column. None: cannot be compared."""

    table: str
    column: str
    type: str
    null: float | None = None
    """Ours less production's share of NULLs."""
    distinct: float | None = None
    """Ours over what production would have at this size."""
    top: float | None = None
    """The largest difference of a common value's share."""
    ks: float | None = None
    """Kolmogorov-Smirnov: the largest distance of the two distribution functions."""
    correlation: float | None = None
    """Ours less production's correlation with the physical order."""
    present: float = 1.0
    """Production's share of values that are not NULL."""
    why: str = ""
    """Why something is None."""
    curves: tuple[Curve, Curve] | None = None
    """Production's and ours."""

    @property
    def score(self) -> float:
        """The worst of all distances, in units of what is near enough."""
        return max(
            _over(self.null, NULL), _over(self.top, TOP), _over(self.ks, KS),
            _over(self.correlation, CORRELATION), _times(self.distinct, DISTINCT),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class FanOut:
    """A foreign key: how many children a parent has that has any, and the share of parents without."""

    table: str
    columns: tuple[str, ...]
    parent: str
    children: float
    """Production's, by its statistics, at the volume's numbers of rows."""
    ours: float
    childless: float
    childless_ours: float

    @property
    def ratio(self) -> float:
        """Ours over production's children per parent."""
        return self.ours / self.children if self.children else 1.0

    @property
    def score(self) -> float:
        """In units of what is near enough."""
        return _times(self.ratio, CHILDREN)


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinRows:
    """A join along foreign keys: rows a row of its first table, expected by production's planner and counted here."""

    statement: str
    expected: float
    ours: float
    same_plan: bool | None = None
    """Does the volume plan it as production would? None: not asked."""

    @property
    def ratio(self) -> float:
        """Ours over production's."""
        if self.expected == self.ours:
            return 1.0
        return self.ours / self.expected if self.expected else math.inf

    @property
    def score(self) -> float:
        """In units of what is near enough."""
        return _times(self.ratio, JOIN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fidelity:
    """All of it, the worst first."""

    database: str
    columns: list[ColumnFidelity]
    fan_out: list[FanOut]
    joins: list[JoinRows]
    rows: int
    moved_days: int = 0
    """By how much the time axis was moved to end now."""
    notes: tuple[str, ...] = ()

    def largest(self, measure: str) -> float | None:
        """The largest `null`, `top`, `ks` or `correlation` of all columns, whatever its sign."""
        found = [abs(value) for one in self.columns if (value := getattr(one, measure)) is not None]
        return max(found, default=None)


def compare(production: Profile, ours: Profile, joins: Sequence[JoinRows] = (), notes: Sequence[str] = ()) -> Fidelity:
    """The profile and what a capture of the volume finds, values and all.

    Raises UsageError where the profile has no statistics at all.
    """
    check_statistics(production)
    mine = {table.full_name: table for table in ours.tables}
    pairs = [
        (table, mine[table.full_name])
        for table in production.tables
        if table.kind in ("table", "partition") and table.full_name in mine and _rows(mine[table.full_name]) > 0
    ]
    days = _moved(pairs)
    parents = _scales(production, mine)
    columns = [
        _column(table, other, column, days, parents.get((table.full_name, column.name)))
        for table, other in pairs
        for column in table.columns
    ]
    return Fidelity(
        database=production.database,
        columns=sorted(columns, key=lambda one: -one.score),
        fan_out=sorted(_fan_outs(production, mine), key=lambda one: -one.score),
        joins=sorted(joins, key=lambda one: -one.score),
        rows=sum(round(_rows(other)) for _, other in pairs),
        moved_days=days,
        notes=tuple(notes),
    )


def check_statistics(production: Profile) -> None:
    """Raises UsageError where the profile has no statistics at all."""
    if not any(_statistics(table, column) for table in production.tables for column in table.columns):
        raise UsageError(
            f"The profile of {production.database} has no statistics: there is nothing to compare with.",
            tried=f"It is {production.origin} {production.captured_at[:10]}, with {len(production.tables)} tables",
            fix="run ANALYZE on production, then prodparity capture URL, as a role that may read the tables",
        )


def _rows(table: Table) -> float:
    return max(0.0, table.rows)


def _statistics(table: Table, column: Column) -> ColumnStatistics | None:
    return column.inherited_statistics if table.kind == "partitioned" else column.statistics


def _over(difference: float | None, enough: float) -> float:
    return 0.0 if difference is None else abs(difference) / enough


def _times(ratio: float | None, enough: float) -> float:
    if ratio is None or ratio == 1:
        return 0.0
    return math.inf if ratio <= 0 or math.isinf(ratio) else abs(math.log(ratio)) / math.log(enough)


def _scales(production: Profile, mine: Mapping[str, Table]) -> dict[tuple[str, str], float]:
    """By (table, column) of a foreign key: ours over production's number of parents."""
    found = {}
    for table in production.tables:
        for key in _keys(table):
            before, now = _parents(production, mine, key)
            if before:
                for name in key.columns:
                    found[table.full_name, name] = now / before
    return found


def _keys(table: Table) -> Iterator[Constraint]:
    return (one for one in table.constraints if one.kind == "foreign key" and one.references)


def _parents(production: Profile, mine: Mapping[str, Table], key: Constraint) -> tuple[float, float]:
    leaves = leaves_of(production, key.references or "")
    before = sum(_rows(table) for table in production.tables if table.full_name in leaves)
    return before, sum(_rows(mine[name]) for name in leaves if name in mine)


def _column(table: Table, other: Table, column: Column, days: int, parents: float | None) -> ColumnFidelity:
    wanted = column.statistics
    match = next((one for one in other.columns if one.name == column.name), None)
    found = match.statistics if match else None
    named = ColumnFidelity(table=table.full_name, column=column.name, type=column.type)
    if wanted is None or found is None or _rows(other) < FEW:
        why = "production has no statistics" if wanted is None else "too few rows" if found else "no statistics here"
        return ColumnFidelity(table=named.table, column=named.column, type=named.type, why=why)
    scaled = _rows(other) < 0.95 * _rows(table)
    known = list(wanted.most_common_vals or []) + list(wanted.histogram_bounds or [])
    present = 1 - wanted.null_frac
    why = f"values withheld ({wanted.withheld})" if wanted.withheld and not known else ""
    ks, curves = None, None
    if present >= PRESENT and known and (parents is None or not scaled):
        ks, curves = _distance(column.type, wanted, found, days)
    return ColumnFidelity(
        table=table.full_name, column=column.name, type=column.type, present=present, why=why,
        null=found.null_frac - wanted.null_frac,
        distinct=_distinct_ratio(table, other, wanted, found, parents),
        # with fewer parents each has a larger share of the children
        top=_top(column.type, wanted, found, days) if known and not (scaled and parents is not None) else None,
        ks=ks, curves=curves,
        correlation=None if wanted.correlation is None or found.correlation is None
        else found.correlation - wanted.correlation,
    )  # fmt: skip


def _distinct(statistics: ColumnStatistics, rows: float) -> float:
    return statistics.n_distinct if statistics.n_distinct >= 0 else -statistics.n_distinct * rows


def _underestimated(statistics: ColumnStatistics) -> bool:
    """Children that lie together: ANALYZE's sample of pages then finds half of the parents, and the build knows better."""
    return statistics.n_distinct > 0 and abs(statistics.correlation or 0.0) > 0.9


def _distinct_ratio(
    table: Table, other: Table, wanted: ColumnStatistics, found: ColumnStatistics, parents: float | None
) -> float | None:
    if parents is not None and _underestimated(wanted):
        return None
    expected = _distinct(wanted, _rows(other))
    present = _rows(other) * (1 - wanted.null_frac)
    if wanted.n_distinct > 0 and _rows(other) < _rows(table):
        if parents is not None:
            expected = wanted.n_distinct * min(1.0, parents)
        # so many different ones are found when fewer are drawn
        expected *= 1 - math.exp(-present / max(1.0, expected))
    return _distinct(found, _rows(other)) / expected if min(expected, present) >= 1 and found.n_distinct else None


def _top(kind: str, wanted: ColumnStatistics, found: ColumnStatistics, days: int) -> float | None:
    """The largest difference in share of production's common values, and of ours among its known values."""
    theirs = dict(zip(wanted.most_common_vals or [], wanted.most_common_freqs or [], strict=False))
    mine = dict(zip(found.most_common_vals or [], found.most_common_freqs or [], strict=False))
    if not theirs and not mine:
        return None
    if kind == "uuid":
        # ours are made up: the first is to be as frequent as the first, and so on
        theirs, mine = (
            {str(at): share for at, share in enumerate(sorted(one.values(), reverse=True))} for one in (theirs, mine)
        )
    return min(_tops(_keyed(kind, theirs, shift), _keyed(kind, mine, 0), found) for shift in {0, days})


def _keyed(kind: str, shares: Mapping[str, float], days: int) -> dict[object, float]:
    """By number where the type has one: a value of another scale or a moved day is the same value."""
    if not days and not kind.startswith(("numeric", "date", "timestamp")):
        found: dict[object, float] = {}
        found.update(shares.items())
        return found
    return {
        value if number is None else round(number + days * DAY, 6): share
        for value, share in shares.items()
        for number in [_number(kind, value)]
    }


def _tops(theirs: Mapping[object, float], mine: Mapping[object, float], found: ColumnStatistics) -> float:
    # what ANALYZE does not list has at most the share of the least that it lists, and may have it
    least = min(mine.values(), default=0.0)
    listed = sum(mine.values())
    rest = max(0.0, 1 - found.null_frac - listed)
    unlisted = min(least, rest) if mine else rest
    differences = [abs(mine[value] - share) for value, share in theirs.items() if value in mine]
    differences += [max(0.0, share - unlisted) for value, share in theirs.items() if value not in mine]
    floor = min(theirs.values(), default=0.0)
    differences += [max(0.0, share - floor) for value, share in mine.items() if value not in theirs]
    return max(differences)


# distributions


def _distance(
    kind: str, wanted: ColumnStatistics, found: ColumnStatistics, days: int
) -> tuple[float | None, tuple[Curve, Curve] | None]:
    """Kolmogorov-Smirnov between common values and bounds, for numbers and times; and the two functions."""
    best: tuple[float | None, tuple[Curve, Curve] | None] = (None, None)
    for shift in {0, days}:
        theirs, mine = _parts(kind, wanted, shift), _parts(kind, found, 0)
        if theirs is None or mine is None:
            return None, None
        points = np.unique(np.concatenate([*theirs[0::2], *mine[0::2]]))
        # between the points: a value that one side lists as common and the other has in its histogram is in both
        between = np.concatenate([points[:1] - 1, (points[1:] + points[:-1]) / 2, points[-1:] + 1])
        one, other = _cumulated(*theirs, between), _cumulated(*mine, between)
        distance = float(np.abs(one - other).max())
        if best[0] is None or distance < best[0]:
            best = distance, (Curve(at=between, share=one), Curve(at=between, share=other))
    return best


_Parts = tuple[Array, Array, Array]


def _parts(kind: str, statistics: ColumnStatistics, days: int) -> _Parts | None:
    """Common values, their shares of the values that are not NULL, and bounds; None where these are no numbers."""
    common = [_number(kind, value) for value in statistics.most_common_vals or []]
    bounds = [_number(kind, value) for value in statistics.histogram_bounds or []]
    numbers = [number for number in (*common, *bounds) if number is not None]
    if not numbers:
        return None
    shares = np.array((statistics.most_common_freqs or [])[: len(common)], "f8")
    usable = np.array([number is not None for number in common], "?")
    values = np.array([number if number is not None else 0.0 for number in common], "f8")
    present = max(1e-9, 1 - statistics.null_frac)
    moved = days * DAY if kind.startswith(("date", "timestamp")) else 0.0
    ends = np.sort(np.array([number for number in bounds if number is not None], "f8"))
    return values[usable] + moved, shares[usable] / present, ends + moved


def _cumulated(common: Array, shares: Array, bounds: Array, at: Array) -> Array:
    listed = np.array([shares[common <= point].sum() for point in at]) if len(common) else np.zeros(len(at))
    rest = max(0.0, 1 - float(shares.sum()))
    if len(bounds) > 1:
        return np.asarray(listed + rest * _ranks(bounds, at))
    return np.asarray(listed + rest * 0.5 if rest else listed)


def _ranks(bounds: Array, at: Array) -> Array:
    """The share of a histogram at or below; bounds that come twice are a jump."""
    last = len(bounds) - 1
    above = np.searchsorted(bounds, at, side="right")
    low = np.clip(above - 1, 0, last)
    high = np.clip(above, 0, last)
    width = bounds[high] - bounds[low]
    inside = np.where(width > 0, (at - bounds[low]) / np.where(width > 0, width, 1), 0.0)
    return np.where(at < bounds[0], 0.0, np.where(at >= bounds[-1], 1.0, (low + np.clip(inside, 0, 1)) / last))


_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")


def _number(kind: str, text: str) -> float | None:
    """A literal's number; times in seconds. None for what is no number, and for infinity."""
    try:
        if kind.split("(")[0] in _NUMBERS:
            found = float(text)
        elif kind == "date":
            found = date.fromisoformat(text).toordinal() * DAY
        elif kind.startswith("timestamp"):
            then = datetime.fromisoformat(text)
            found = (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp()
        else:
            return None
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _moved(pairs: Sequence[tuple[Table, Table]]) -> int:
    """By how many days most times moved: what the build did so that they end now."""
    seen: Counter[int] = Counter()
    for table, other in pairs:
        mine = {column.name: column.statistics for column in other.columns}
        for column in table.columns:
            found = mine.get(column.name)
            if column.statistics and found and column.type.startswith(("date", "timestamp")):
                one, two = _parts(column.type, column.statistics, 0), _parts(column.type, found, 0)
                if one and two and len(one[2]) > 1 and len(two[2]) > 1:
                    seen[round(float(np.median(two[2]) - np.median(one[2])) // DAY)] += 1
                    seen[round((two[2][-1] - one[2][-1]) / DAY)] += 2
    best = max(seen.items(), key=lambda entry: entry[1], default=(0, 0))[0]
    return max(0, best)


# foreign keys


def _fan_outs(production: Profile, mine: Mapping[str, Table]) -> Iterator[FanOut]:
    for table in production.tables:
        other = mine.get(table.full_name)
        if other is None or table.kind == "partitioned" or _rows(other) < FEW:
            continue
        for key in _keys(table):
            before, now = _parents(production, mine, key)
            if len(key.columns) != 1 or not before or not now:
                continue
            wanted = next((one.statistics for one in table.columns if one.name == key.columns[0]), None)
            found = next((one.statistics for one in other.columns if one.name == key.columns[0]), None)
            if wanted is None or found is None or not wanted.n_distinct or not found.n_distinct:
                continue
            if _underestimated(wanted):
                continue
            with_any = min(before, _distinct(wanted, _rows(table)))
            with_any_here = min(now, _distinct(found, _rows(other)))
            # small tables come whole: as many parents as ever, with fewer children each
            reached = with_any * now / before
            production_has = _rows(table) * (1 - wanted.null_frac) / max(1.0, with_any)
            here = _rows(other) * (1 - wanted.null_frac)
            if here / max(1.0, reached) < production_has * 0.95:
                reached *= 1 - math.exp(-here / max(1.0, reached))
            yield FanOut(
                table=table.full_name, columns=tuple(key.columns), parent=key.references or "",
                children=here / max(1.0, reached),
                ours=_rows(other) * (1 - found.null_frac) / max(1.0, with_any_here),
                childless=1 - reached / now, childless_ours=1 - with_any_here / now,
            )  # fmt: skip
