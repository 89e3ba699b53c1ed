"""Keys of several columns: unique together, though each of them comes more than once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..profile.model import Constraint
from . import companions, fanout, keys
from .chance import generator, order
from .references import lead_of, orphans, refer
from .sources import Fixed, Numbers, Pooled, Referring, Serial
from .values import Array

if TYPE_CHECKING:
    from .design import Design, Designer

_FREQUENT = 10
"""Times that a repeated row draws from all values by their shares; then each value is as likely."""


def _each_once(designer: Designer, made: Design, reference: Constraint) -> bool:
    """A key that is a reference: each parent at most once."""
    if reference.references == made.table.full_name or any(name in made.columns for name in reference.columns):
        return False
    sources, arrays, _ = designer.parents(made, reference)
    if len(arrays[0]) < made.rows:
        raise keys.Contradiction(
            f"its {made.rows:,} rows need a row of {reference.references} each, which has {len(arrays[0]):,}"
        )
    chance = generator(designer.seed, made.table.full_name, reference.name)
    picked = np.sort(chance.choice(len(arrays[0]), made.rows, replace=False))
    for name, source, array in zip(reference.columns, sources, arrays, strict=True):
        made.columns[name] = Fixed(name=name, source=source, codes=array[picked])
    return True


def together(designer: Designer, made: Design, group: Sequence[str], references: Sequence[Constraint]) -> None:
    """Settle the columns of one key, and those of the references among them."""
    if any(made.relation.attribute(name).generated for name in group) or not made.rows:
        return
    counter = _counter(designer, made, group, references)
    if counter is not None:
        _counted(designer, made, group, counter, references)
        return
    for reference in references:
        if (
            set(reference.columns) == set(group)
            and len(reference.columns) > 1
            and _each_once(designer, made, reference)
        ):
            return
    for reference in references:
        # a reference to the table itself waits for its key
        if set(reference.columns) & set(group) and reference.references != made.table.full_name:
            refer(designer, made, reference)
    for name in group:
        if name not in made.columns:
            made.columns[name] = designer.plain(made, made.relation.attribute(name))
    _wide_enough(designer, made, group, references)
    drawn = [made.columns[name] for name in group]
    if any(column.null > 0 for column in drawn):
        drawn = [column for column in drawn if column.null == 0] or drawn
    arrays = [designer.codes(made, name) for name in group]
    together = {name for one in references if len(one.columns) > 1 for name in one.columns}
    free = [at for at, name in enumerate(group) if name not in made.locked | together]
    if not free:
        return
    chosen = [at for at in free if group[at] in made.choices]
    widest = max(chosen or free, key=lambda at: len(np.unique(arrays[at][:200_000])))
    made.locked |= set(group)
    source, several = made.columns[group[widest]].source, np.unique(arrays[widest])

    def redraw(rows: Array, chance: np.random.Generator) -> Array:
        if isinstance(source, Serial):
            return several[chance.integers(0, len(several), len(rows))]
        return np.asarray(source.draw(chance.random(len(rows))))

    chance = generator(designer.seed, made.table.full_name, *group)
    if chosen:
        arrays = [array.copy() for array in arrays]
        others = {name: array for at, (name, array) in enumerate(zip(group, arrays, strict=True)) if at != widest}
        made.choices[group[widest]].apart(arrays[widest], others, chance)
    else:
        arrays = _other_values(made, group, references, free, arrays, chance)
    if isinstance(source, Serial) and len(several) == made.rows:
        return
    bound = together & set(group)
    parents = {
        at: target.codes for at, name in enumerate(group) if isinstance(target := made.columns[name].source, Referring)
    }
    found = keys.apart(arrays, redraw, widest, chance, isinstance(source, Numbers), not bound, parents)
    for reference in references:
        if bound and set(reference.columns) <= set(group) and reference.references != made.table.full_name:
            _other_parents(designer, made, group, reference, found, chance)
    if chosen and set(made.columns) <= set(group):
        found = _in_order(designer, made, group, found, chance)
    for name, array in zip(group, found, strict=True):
        before = made.columns[name]
        made.columns[name] = Fixed(
            name=name, source=before.source, codes=array, null=before.null, drawn_with=before.drawn_with,
            absent=before.absent if isinstance(before, Fixed) else None,
        )  # fmt: skip


def _other_values(
    made: Design, group: Sequence[str], references: Sequence[Constraint], free: Sequence[int], arrays: list[Array],
    chance: np.random.Generator,
) -> list[Array]:  # fmt: skip
    """Rows that repeat a key get another value in a column that refers to nothing, so that parents keep their children."""
    referring = {name for one in references for name in one.columns}
    own = [at for at in free if group[at] not in referring]
    if not own or not referring & set(group):
        return arrays
    widest = max(own, key=lambda at: len(np.unique(arrays[at][:200_000])))
    source, values = made.columns[group[widest]].source, np.unique(arrays[widest])
    if isinstance(source, Serial) or len(values) < 2:
        return arrays
    seldom = [False] * _FREQUENT

    def redraw(rows: Array, chance: np.random.Generator) -> Array:
        if seldom:
            seldom.pop()
            return np.asarray(source.draw(chance.random(len(rows))))
        return values[chance.integers(0, len(values), len(rows))]

    return keys.apart(arrays, redraw, widest, chance, fills=False)


def _in_order(
    designer: Designer, made: Design, group: Sequence[str], arrays: list[Array], chance: np.random.Generator
) -> list[Array]:
    """The rows as they lie in production, by the column of the key that goes with their order most."""
    known = [designer.subject(made, name).statistics for name in group]
    strength = [(found.correlation or 0.0) if found else 0.0 for found in known]
    lead = max(range(len(group)), key=lambda at: abs(strength[at]))
    rising = np.argsort(arrays[lead], kind="stable")[order(strength[lead], made.rows, chance)]
    return [array[rising] for array in arrays]


def _wide_enough(designer: Designer, made: Design, group: Sequence[str], references: Sequence[Constraint]) -> None:
    """With fewer combinations than rows, a text gets as many values as there must be."""
    several = {name: len(np.unique(designer.codes(made, name))) for name in group}
    if math.prod(several.values()) >= made.rows:
        return
    referring = {name for one in references for name in one.columns}
    for name in group:
        subject = designer.subject(made, name)
        if name in referring | made.locked or subject.attribute.form != "text":
            continue
        source = designer.maker.source(subject, unique=True)
        if isinstance(source, Pooled):
            chance = generator(designer.seed, made.table.full_name, name, "wide")
            others = math.prod(count for other, count in several.items() if other != name)
            size = min(len(source.pool), made.rows, math.ceil(made.rows / others * 1.2))
            values = chance.permutation(len(source.pool))[:size]
            weights = np.zeros(len(source.pool))
            weights[values] = 1.0
            source = replace(source, weights=weights)
            # each about as often as the others
            picked = np.resize(values, made.rows)
            chance.shuffle(picked)
            made.columns[name] = Fixed(name=name, source=source, codes=picked, null=made.columns[name].null)
            return


def _other_parents(
    designer: Designer,
    made: Design,
    group: Sequence[str],
    reference: Constraint,
    found: list[Array],
    chance: np.random.Generator,
) -> None:
    """Rows that still repeat a key get another parent, whole."""
    _, arrays, _ = designer.parents(made, reference)
    places = [list(group).index(name) for name in reference.columns]
    for _ in range(100):
        again = keys.repeated(found)
        if not len(again) or not len(arrays[0]):
            return
        picked = chance.integers(0, len(arrays[0]), len(again))
        for place, array in zip(places, arrays, strict=True):
            found[place][again] = array[picked]


def _counter(designer: Designer, made: Design, group: Sequence[str], references: Sequence[Constraint]) -> str | None:
    """The column that counts within the others, such as a line's number within its order."""
    referring = {name for one in references for name in one.columns}
    if not set(group) & referring:
        return None
    for name in group:
        subject = designer.subject(made, name)
        if name in referring or name in made.columns or subject.attribute.form not in ("int2", "int4", "int8"):
            continue
        others = [other for other in group if other != name]
        if any(set(others) <= set(one.columns) for one in references) and (
            subject.statistics is None or 0 < subject.distinct <= max(1000, made.rows * 0.05)
        ):
            return name
    return None


def _counted(
    designer: Designer, made: Design, group: Sequence[str], counter: str, references: Sequence[Constraint]
) -> None:
    others = [name for name in group if name != counter]
    reference = min((one for one in references if set(others) <= set(one.columns)), key=lambda one: len(one.columns))
    sources, arrays, _ = designer.parents(made, reference)
    if not len(arrays[0]):
        orphans(designer, made, reference, reference.columns)
        return
    if len(others) < len(reference.columns):
        # the key has some of the reference's columns: what has them in common is one parent
        shared = keys.joint([arrays[reference.columns.index(name)] for name in others])
        first = np.unique(shared, return_index=True)[1]
        arrays = [array[first] for array in arrays]
    subject = designer.subject(made, counter)
    source = designer.maker.source(subject)
    assert isinstance(source, Numbers)
    places = (np.arange(20_000) + 0.5) / 20_000
    values, weights = np.unique(source.distribution.at(places), return_counts=True)
    if subject.statistics is None or not (subject.statistics.most_common_vals or subject.statistics.histogram_bounds):
        values, weights = np.arange(1, 8), np.arange(7, 0, -1)
    chance = generator(designer.seed, made.table.full_name, *group)
    sequence = np.lexsort(tuple(reversed(arrays)))
    edge = fanout.edge_of(made.table, reference)
    if edge is not None:
        found = fanout.sizes(edge, len(arrays[0]), made.rows, chance)
        ranks = companions.of_parents(designer, edge)
        if ranks is not None and len(ranks) == len(found):
            found = found[np.argsort(np.argsort(ranks[sequence], kind="stable"), kind="stable")]
        else:
            found = chance.permutation(found)
        spread = np.flatnonzero(found)
        sizes = found[spread]
    else:
        sizes = keys.runs(weights.astype("f8"), len(arrays[0]), made.rows, chance)
        spread = (
            np.sort(chance.choice(len(sequence), size=len(sizes), replace=False))
            if len(sizes) < len(sequence)
            else np.arange(len(sequence))
        )
    parent = np.repeat(sequence[spread], sizes)
    within = np.arange(made.rows) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    longer = np.arange(1, max(1, int(sizes.max())) + 1) + int(values[-1])
    counted = np.concatenate([values, longer])[within]
    lead = lead_of([designer.subject(made, name) for name in reference.columns])
    correlation = lead.statistics.correlation if lead.statistics else 1.0
    if correlation is not None and correlation < 0.98:
        ranks = order(correlation, made.rows, chance)
        parent, counted = parent[ranks], counted[ranks]
    for name, origin, array in zip(reference.columns, sources, arrays, strict=True):
        made.columns[name] = Fixed(name=name, source=origin, codes=array[parent])
    made.columns[counter] = Fixed(name=counter, source=source, codes=counted)
    # they are unique as they are
    made.locked |= set(group)
