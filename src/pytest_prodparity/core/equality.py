"""Did two runs of one test change the same? Judged without what differs from run to run anyway.

Two clean runs tell which columns are volatile: clocks, random values, generated ids. Ids that a run made itself get the
name of their row, so that rows which refer to each other still must; every other volatile value is masked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .delta import Change, Delta, Row

MASKED = "~"
LONG = 16
"""Characters from which an equal text is no coincidence: a random id, followed without a foreign key."""
Column = tuple[str, str]
Plain = tuple[tuple[str, object], ...]


@dataclass(frozen=True, kw_only=True)
class Named:
    """In place of a generated id: the row that it was made for."""

    table: str
    number: int

    def __str__(self) -> str:
        return f"<{self.table} {self.number}>"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Changes that only one of two runs made, as often as it made them more."""

    missing: tuple[str, ...]
    """Of the clean run alone."""
    extra: tuple[str, ...]
    """Of the other run alone."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.extra)

    def __str__(self) -> str:
        return "\n".join([*(f"missing: {line}" for line in self.missing), *(f"extra: {line}" for line in self.extra)])


def volatile(first: Delta, second: Delta, *, ends: Iterable[Delta] = ()) -> frozenset[Column]:
    """The columns (table, column) whose new values differ between two clean runs of the same test.

    Rows are matched by key; of inserted rows whose keys differ, by their order within the table. `ends`: the two are
    states on the way, and a value that the row has in one of these, or had before, only says how far each of them was.
    """
    known: dict[tuple[str, str], list[Row]] = {}
    for end in ends:
        for change in end:
            known.setdefault((change.table, repr(change.key)), []).append(change.after or {})

    def is_known(change: Change, name: str) -> bool:
        rows = known.get((change.table, repr(change.key)), []) if known else []
        value = (change.after or {}).get(name)
        return any(name in row and row[name] == value for row in (*rows, change.before or {}))

    found: set[Column] = set()
    for table in {*first.tables, *second.tables}:
        ones, others = list(first[table]), list(second[table])
        same, ones, others = _matched(ones, others)
        for one, other in [*same, *_in_order(ones, others)]:
            found.update(
                (table, name)
                for name in _differing(one, other)
                if not known or not (is_known(one, name) or is_known(other, name))
            )
    return frozenset(found)


def difference(clean: Delta, other: Delta, *, masked: Iterable[Column] = ()) -> Difference:
    """What `other` changed less or more than `clean`; `masked`: what `volatile` found."""
    mask = frozenset(masked)
    mine, its = Counter(canonical(clean, mask)), Counter(canonical(other, mask))
    return Difference(missing=tuple((mine - its).elements()), extra=tuple((its - mine).elements()))


def canonical(delta: Delta, masked: Iterable[Column]) -> list[str]:
    """Each change as a text that is the same in every run that does the same."""
    mask = frozenset(masked)
    known = names(delta, mask)
    return [_text(change, mask, known, delta) for change in delta]


def names(delta: Delta, mask: frozenset[Column]) -> Mapping[tuple[str, str, str], Named]:
    """For (table, column, `repr` of the value) of each generated key: the row's name.

    Rows are numbered by what is not volatile about them, and only among equal ones in order of appearance.
    """
    inserted = [
        change for change in delta if change.kind == "insert" and any((change.table, k) in mask for k in change.key)
    ]
    order = sorted(range(len(inserted)), key=lambda at: (inserted[at].table, _text(inserted[at], mask, {}, delta), at))
    found: dict[tuple[str, str, str], Named] = {}
    numbers: Counter[str] = Counter()
    for at in order:
        change = inserted[at]
        numbers[change.table] += 1
        named = Named(table=change.table, number=numbers[change.table])
        for column, value in change.key.items():
            if (change.table, column) in mask:
                found.setdefault((change.table, column, repr(value)), named)
    return found


def _matched(
    ones: list[Change], others: list[Change]
) -> tuple[list[tuple[Change, Change]], list[Change], list[Change]]:
    by_key = {(change.kind, repr(change.key)): change for change in others if change.key}
    same, left, used = [], [], set()
    for one in ones:
        other = by_key.get((one.kind, repr(one.key))) if one.key else None
        if other is None:
            left.append(one)
        else:
            same.append((one, other))
            used.add(id(other))
    return same, left, [other for other in others if id(other) not in used]


def _in_order(ones: list[Change], others: list[Change]) -> list[tuple[Change, Change]]:
    pairs = []
    for kind in ("insert", "update", "delete"):
        pairs += list(
            zip(
                (one for one in ones if one.kind == kind),
                (other for other in others if other.kind == kind),
                strict=False,
            )
        )
    return pairs


def _differing(one: Change, other: Change) -> list[str]:
    mine, its = one.after or one.before or {}, other.after or other.before or {}
    return [name for name in {*mine, *its} if mine.get(name) != its.get(name)]


def _text(change: Change, mask: frozenset[Column], names: Mapping[tuple[str, str, str], Named], delta: Delta) -> str:
    parts = [f"{change.kind} {change.table}"]
    for word, row in (("before", change.before), ("after", change.after)):
        if row is not None:
            parts.append(
                f"{word} " + ", ".join(f"{name}={value}" for name, value in _plain(change, row, mask, names, delta))
            )
    return "; ".join(parts)


def _plain(
    change: Change, row: Row, mask: frozenset[Column], names: Mapping[tuple[str, str, str], Named], delta: Delta
) -> Plain:
    shown: list[tuple[str, object]] = []
    for column in sorted(row):
        value = row[column]
        if (change.table, column) not in mask:
            shown.append((column, repr(value)))
            continue
        named = _name(change, column, value, names, delta)
        # NULL is never volatile: whether there is a value is what is judged.
        shown.append((column, "NULL" if value is None else MASKED if named is None else str(named)))
    return tuple(shown)


def _name(
    change: Change, column: str, value: object, names: Mapping[tuple[str, str, str], Named], delta: Delta
) -> Named | None:
    text = repr(value)
    own = names.get((change.table, column, text))
    if own is not None or column in change.key:
        return own
    target = delta.references.get((change.table, column))
    if target is not None:
        return names.get((*target, text))
    if len(str(value)) >= LONG:
        for (_, _, known), named in names.items():
            if known == text:
                return named
    return None
