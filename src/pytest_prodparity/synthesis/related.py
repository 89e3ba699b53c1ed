"""What a row's columns have to do with each other, from probes: distances of times, NULLs together, dependencies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..profile.model import Table
from ..profile.probed import SHARES, Companion, Difference, FanOut
from ..profile.probing import SAMPLE
from . import companions, fanout, keys
from .catalog import Attribute
from .chance import generator
from .columns import DAY
from .distribution import Distribution
from .sources import (
    After,
    By,
    Column,
    Drawn,
    Fixed,
    Numbers,
    Pattern,
    Referring,
    Source,
    codes,
    nulls,
)
from .subject import Subject
from .values import CHUNK, Array

if TYPE_CHECKING:
    from .agreements import Choice
    from .design import Design, Designer

APART = 0.1
"""So far a column's values may be moved from its own histogram (Kolmogorov-Smirnov) by what it follows."""
OFF = 0.005
"""So far the patterns' share of a column's NULLs may be from its own, at least."""
SAMPLED = 30_000
"""Rows that ANALYZE looks at, with the usual target."""
MANY = 200
"""Values of a determinant from which on shares survive: each of them gets one value."""
_BLOCKS = 24
_UNITS = {"date": DAY, "timestamp": 1}


def in_order(table: Table, attributes: Sequence[Attribute]) -> list[Attribute]:
    """Columns that others follow from, first."""
    probes = table.probes
    if probes is None:
        return list(attributes)
    before: dict[str, set[str]] = {one.name: set() for one in attributes}
    for dependency in probes.dependencies:
        if dependency.determinant not in _all(before, dependency.dependent):
            before.get(dependency.dependent, set()).add(dependency.determinant)
    for difference in probes.differences:
        if not difference.reference:
            before.get(difference.column, set()).add(difference.base)
    for companion in probes.companions:
        if companion.base and not companion.reference:
            before.get(companion.column, set()).add(companion.base)
    found: dict[str, Attribute] = {}
    named = {one.name: one for one in attributes}

    def visit(name: str, above: frozenset[str]) -> None:
        if name in found or name in above or name not in named:
            return
        for other in sorted(before[name]):
            visit(other, above | {name})
        found[name] = named[name]

    for one in attributes:
        visit(one.name, frozenset())
    return list(found.values())


def _all(before: dict[str, set[str]], name: str) -> set[str]:
    """Those that were told to follow from `name`: of two columns that determine each other one comes first."""
    return {one for one, others in before.items() if name in others}


def to_others(designer: Designer, made: Design, column: Column) -> Column:
    """A plain column, tied to those of its row that are made already."""
    probes = made.table.probes
    if probes is None or not made.rows or not isinstance(column, Drawn):
        return column
    column = replace(column, pattern=pattern(made.table, column.name, column.null))
    for difference in probes.differences:
        if difference.column == column.name:
            tied = _after(designer, made, column, difference)
            if tied is not None:
                return tied
    determinants = [one.determinant for one in probes.dependencies if one.dependent == column.name]
    for name in determinants:
        base = made.columns.get(name)
        several = designer.subject(made, name).distinct if base is not None else 0
        if base is not None and several >= MANY and several < made.rows:
            return replace(column, by=By.of(base, _some(designer, made, base)))
    companion = next((one for one in probes.companions if one.column == column.name), None)
    if companion is None or not companions.orderly(column.source):
        return column
    ranked = None
    if companion.base:
        base, _ = _base(designer, made, companion)
        if base is not None and companions.orderly(base.source):
            ranked = companions.by_ranks(companion, base, _some(designer, made, base))
    else:
        ranked = companions.by_nulls(companion, made.table)
    return column if ranked is None else replace(column, ranked=ranked)


def pattern(table: Table, name: str, null: float) -> Pattern | None:
    """The NULLs of a column, from the table's patterns."""
    patterns = table.probes.null_patterns if table.probes else []
    if not patterns or null <= 0:
        return None
    ends = np.minimum(np.cumsum([one.share for one in patterns]), 1.0)
    within = np.array([1.0 if name in one.columns else 0.0 for one in patterns])
    known = sum(one.share for one in patterns if name in one.columns)
    left = 1 - float(ends[-1])
    rest = float(np.clip((null - known) / left, 0, 1)) if left > 1e-6 else within[-1]
    missing = null - known - rest * left
    off = _off(null, table.rows)
    if missing < -off:
        within = within * null / known
    elif missing > off:
        within = np.maximum(within, missing / max(1e-9, float(ends[-1]) - known))
    return Pattern(ends=ends, null=np.array([*within, rest]))


def _off(null: float, rows: float) -> float:
    """How far two samples' shares may be apart by chance, three times out of a thousand: what is mended beyond that tears
    apart columns that are NULL together."""
    if rows <= SAMPLE:
        return OFF
    return max(OFF, 3 * math.sqrt(null * (1 - null) * (1 / min(rows, SAMPLED) + 1 / SAMPLE)))


def children(
    designer: Designer, made: Design, edge: FanOut, names: Sequence[str], sources: Sequence[Source],
    arrays: Sequence[Array], distribution: Distribution, correlation: float | None, null: float,
    ranks: Array | None = None, dealt: Callable[[int], Array] | None = None, agreeing: Callable[[Array], Choice | None] = lambda _: None,
) -> dict[str, Column]:  # fmt: skip
    """A foreign key's columns, with production's numbers of children.

    `arrays`: the parents' codes, in the order in which `distribution` numbers the parents; `ranks`: their places in the
    order of the numbers of children, where those are known; `dealt`: of a partition, each parent's children; `agreeing`: from parents, each as often as it has children,
    to a choice for each row.
    """
    table, together = made.table.full_name, f"fan-out of {', '.join(names)}"
    blank = Drawn(
        name=names[0], source=sources[0], null=null, drawn_with=together,
        pattern=pattern(made.table, names[0], null) if len(names) == 1 else None,
    )  # fmt: skip
    starts = range(0, made.rows, CHUNK)
    blocks = [nulls(blank, at, min(CHUNK, made.rows - at), designer.seed, table) for at in starts]
    absent = np.concatenate([part for part in blocks if part is not None]) if null > 0 else None
    present = made.rows if absent is None else int((~absent).sum())
    chance = generator(designer.seed, table, *names, "children")
    if dealt is None:
        counts = fanout.sizes(edge, len(arrays[0]), present, chance)
        of = fanout.spread(counts, distribution, chance, ranks)
    else:
        of = dealt(present)
    choice = agreeing(np.repeat(np.arange(len(of)), of))
    if choice is not None:
        parent = choice.spread(chance) if absent is None else choice.spread(chance)[~absent]
        if len(names) == 1:
            made.choices[names[0]] = choice
    else:
        parent = fanout.children(of, correlation, chance)
    if absent is not None:
        placed = chance.integers(0, len(of), made.rows)
        placed[~absent] = parent
        parent = placed
    found: dict[str, Column] = {}
    for name, source, array in zip(names, sources, arrays, strict=True):
        bare = made.relation.attribute(name).not_null
        found[name] = Fixed(
            name=name, source=Referring(target=source, codes=array, distribution=distribution), codes=array[parent],
            null=0.0 if bare else null, absent=None if bare else absent, drawn_with=together,
        )  # fmt: skip
    return found


def _after(designer: Designer, made: Design, column: Drawn, difference: Difference) -> Drawn | None:
    """The column as a time after another one; None where that would move it from its own histogram."""
    base, theirs = _base(designer, made, difference)
    ours = designer.subject(made, column.name)
    forms = ours.attribute.form, theirs.attribute.form if theirs is not None else ""
    if base is None or theirs is None or not set(forms) <= set(_UNITS) or len(difference.seconds) != len(SHARES):
        return None
    if not isinstance(column.source, Numbers) or _moved(designer, ours) != _moved(designer, theirs):
        return None
    after = After(
        base=base, unit=_UNITS[forms[0]], base_unit=_UNITS[forms[1]], shares=np.array(SHARES, "f8"),
        seconds=np.maximum.accumulate(np.array(difference.seconds, "f8")),
    )  # fmt: skip
    tied = replace(column, after=after)
    found = np.sort(_some(designer, made, tied))
    expected = column.source.distribution.below(found.astype("f8"))
    distance = float(np.abs(expected - (np.arange(len(found)) + 0.5) / max(1, len(found))).max(initial=0))
    return tied if distance <= APART else None


def _base(designer: Designer, made: Design, difference: Difference | Companion) -> tuple[Column | None, Subject | None]:
    """What it follows: a column of the row, or the parent's for each row."""
    if not difference.reference:
        base = made.columns.get(difference.base)
        return base, designer.subject(made, difference.base) if base is not None else None
    reference = next(
        (one for one in made.table.constraints if one.kind == "foreign key" and one.columns == difference.reference),
        None,
    )
    if reference is None or any(name not in made.columns for name in reference.columns):
        return None, None
    parent = designer.known(reference.references or "")
    if parent is None or parent is made or difference.base not in parent.columns or not parent.rows:
        return None, None
    _, arrays, _ = designer.parents(made, reference)
    own = [designer.codes(made, name) for name in reference.columns]
    count = len(arrays[0])
    joined = keys.joint([np.concatenate([theirs, mine]) for theirs, mine in zip(arrays, own, strict=True)])
    sequence = np.argsort(joined[:count], kind="stable")
    place = np.minimum(np.searchsorted(joined[:count][sequence], joined[count:]), count - 1)
    values = designer.codes(parent, difference.base)[sequence[place]]
    source = parent.columns[difference.base].source
    return Fixed(name=difference.base, source=source, codes=values), designer.subject(parent, difference.base)


def _moved(designer: Designer, subject: Subject) -> bool:
    """Is it on the time axis that ends now?"""
    statistics = subject.statistics
    known = [*(subject.ends or []), *((statistics and statistics.histogram_bounds) or [])]
    known += (statistics and statistics.most_common_vals) or []
    found = designer.maker.known(subject.attribute, list(known)) if known else None
    return found is not None and bool((designer.maker.moved(subject.attribute, found[0]) != found[0]).any())


def _some(designer: Designer, made: Design, column: Column) -> Array:
    """Codes of blocks from all over the table."""
    starts = np.arange(0, made.rows, CHUNK)
    chosen = starts[np.linspace(0, len(starts) - 1, min(_BLOCKS, len(starts))).astype("i8")]
    return np.concatenate([
        codes(column, int(at), min(CHUNK, made.rows - int(at)), made.rows, designer.seed, made.table.full_name)
        for at in chosen
    ])  # fmt: skip
