"""Which values may leave production. Pure: what it decides can be tried on any statistics.

Numbers, times, booleans and enums keep their values. Text keeps only common values that at least twenty rows share,
and no histogram. Columns whose name or content looks personal or secret keep nothing; nor do types that hold
documents, lists of text, addresses or bytes. `keep` lets more out, `deny` less, and `deny` wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from ..core.errors import UsageError
from ..core.suggest import closest
from .model import ColumnStatistics
from .scrub import card, looks
from .types import ValueType
from .words import named, named_number

ENOUGH_ROWS = 20
CATEGORY_ROWS = 50 * ENOUGH_ROWS
"""So many rows share each value on average: then it is one of a fixed set of categories, such as a type or a state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What the user asked for. `keep` and `deny` hold patterns of `table.column` or `schema.table.column`."""

    values: bool = True
    keep: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def check(self, columns: Iterable[tuple[str, str, str]]) -> None:
        """Every pattern must match one of `columns` (schema, table, column): a mistyped `--deny` would let values out.

        Raises UsageError with the nearest name.
        """
        names = [(f"{schema}.{table}.{column}", f"{table}.{column}") for schema, table, column in columns]
        for option, patterns in (("--keep", self.keep), ("--deny", self.deny)):
            for pattern in patterns:
                if not any(_matches(pattern, name) for pair in names for name in pair):
                    near = closest(pattern, {short for _, short in names})
                    raise UsageError(
                        f"{option} {pattern}: production has no such column{near}.",
                        fix=f'write {option} table.column; * stands for anything, as in {option} "users.*"',
                    )

    def asked(self, schema: str, table: str, column: str) -> str | None:
        """`denied`, `kept`, or None where the user said nothing."""
        names = (f"{schema}.{table}.{column}", f"{table}.{column}")
        for answer, patterns in (("denied", self.deny), ("kept", self.keep)):
            if any(_matches(pattern, name) for pattern in patterns for name in names):
                return answer
        return None


def _matches(pattern: str, name: str) -> bool:
    return fnmatchcase(name.replace('"', "").casefold(), pattern.replace('"', "").casefold())


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A column, or an expression of an index, as redaction sees it."""

    schema: str
    table: str
    names: tuple[str, ...]
    """The column's name, or the expression's text and the names of the columns in it."""
    type: ValueType
    rows: float
    """Production's rows, over the children too for inherited statistics; below 0 where unknown."""


def withholding(policy: Policy, subject: Subject) -> str | None:
    """Why no value at all of a column may leave, as far as its name and type tell; None where some may.

    `kept` columns are never withheld here except for `--no-values`.
    """
    if not policy.values:
        return "no-values"
    asked = {policy.asked(subject.schema, subject.table, name) for name in subject.names}
    if "denied" in asked:
        return "denied"
    if subject.type.always_harmless or "kept" in asked:
        return None
    judge = named_number if subject.type.harmless else named
    reasons = [reason for reason in map(judge, subject.names) if reason]
    if reasons:
        return "secret" if "secret" in reasons else "personal"
    return None if subject.type.harmless or subject.type.text else "text"


def kept(policy: Policy, subject: Subject) -> bool:
    """Did the user ask for all values of this column?"""
    asked = {policy.asked(subject.schema, subject.table, name) for name in subject.names}
    return policy.values and "kept" in asked and "denied" not in asked


def ends_may_leave(policy: Policy, subject: Subject) -> bool:
    """May the least and the greatest value leave? They are values of single rows: never of text, unless kept."""
    if subject.type.form != "scalar" or withholding(policy, subject):
        return False
    return subject.type.harmless or (subject.type.text and kept(policy, subject))


def redact(policy: Policy, subject: Subject, statistics: ColumnStatistics) -> ColumnStatistics:
    """The statistics with the values that may leave, and the reason where some were withheld."""
    if not has_values(statistics):
        return statistics
    reason = withholding(policy, subject)
    if reason:
        return _emptied(statistics, reason)
    if subject.type.always_harmless or kept(policy, subject):
        return statistics
    values = [value for group in _values(statistics) for value in group]
    reason = _content(values, number=subject.type.harmless)
    if reason:
        return _emptied(statistics, reason)
    return statistics if subject.type.harmless else _common(statistics, subject.rows)


def _common(statistics: ColumnStatistics, rows: float) -> ColumnStatistics:
    """Text: the common values of at least twenty rows, and nothing else."""
    pairs = list(zip(statistics.most_common_vals or [], statistics.most_common_freqs or [], strict=True))
    pairs += _categories(statistics, rows)
    enough = [(value, share) for value, share in pairs if share * rows >= ENOUGH_ROWS]
    reason = "rare" if len(enough) < len(pairs) else "text" if statistics.histogram_bounds else None
    return replace(
        _emptied(statistics, reason),
        most_common_vals=[value for value, _ in enough] or None,
        most_common_freqs=[share for _, share in enough] or None,
    )


def _categories(statistics: ColumnStatistics, rows: float) -> list[tuple[str, float]]:
    """Values of a histogram as common values with their average share, where the column holds a fixed number of them.

    Of 150 values that are equally frequent ANALYZE lists a few as common, by chance, and puts the others into the
    histogram. They are no less common. Its ends stay behind: the smallest and the largest value are where a stray
    entry would stand.
    """
    known, bounds = statistics.most_common_freqs or [], statistics.histogram_bounds or []
    others = statistics.n_distinct - len(known)
    rest = 1 - statistics.null_frac - sum(known)
    if not bounds or others < 1 or rest <= 0 or rest * rows < CATEGORY_ROWS * others:
        return []
    share = min([rest / others, *known])
    return [(value, share) for value in dict.fromkeys(bounds[1:-1]) if value not in (statistics.most_common_vals or [])]


def _emptied(statistics: ColumnStatistics, reason: str | None) -> ColumnStatistics:
    return replace(
        statistics,
        most_common_vals=None,
        most_common_freqs=None,
        histogram_bounds=None,
        most_common_elems=None,
        most_common_elem_freqs=None,
        range_length_histogram=None,
        range_empty_frac=None,
        range_bounds_histogram=None,
        withheld=reason,
    )


def _values(statistics: ColumnStatistics) -> list[Sequence[str]]:
    groups = (
        statistics.most_common_vals,
        statistics.histogram_bounds,
        statistics.most_common_elems,
        statistics.range_bounds_histogram,
        statistics.range_length_histogram,
    )
    return [group for group in groups if group]


def has_values(statistics: ColumnStatistics) -> bool:
    """Does it show any value of production?"""
    return bool(_values(statistics))


def _content(values: Sequence[str], *, number: bool) -> str | None:
    """`secret` or `personal` where the values look like it: one of a text column, most of a column of numbers."""
    if number:
        cards = sum(len(value) >= 13 and card(value) for value in values)
        return "personal" if values and cards * 2 >= len(values) else None
    found = {reason for reason in map(looks, values) if reason}
    return "secret" if "secret" in found else "personal" if found else None
