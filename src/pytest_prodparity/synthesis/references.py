"""Columns that refer to the rows of other tables, declared or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..profile.model import Constraint, Table
from . import agreements, companions, fanout, keys, related, wholes
from .chance import generator, order
from .sources import Column, Drawn, Fixed, Numbers, Pooled, Referring, Serial, Source, nulls
from .subject import Subject
from .values import CHUNK, Array

if TYPE_CHECKING:
    from .design import Design, Designer


def one_to_one(designer: Designer, made: Design, reference: Constraint) -> None:
    """A unique column that refers to another table: each parent at most once."""
    name = reference.columns[0]
    sources, arrays, _ = designer.parents(made, reference)
    subject = designer.subject(made, name)
    count = len(arrays[0])
    if made.rows > count and not subject.attribute.not_null:
        _some_to_one(designer, made, reference, sources[0], arrays[0])
        return
    if made.rows > count:
        if count:
            # rows that are missing are said first
            designer.notes.insert(
                0,
                f"{made.table.full_name}: {count:,} of {made.rows:,} rows: {name} is unique and refers to"
                f" {reference.references}, which has no more.",
            )
            made.rows = count
            one_to_one(designer, made, reference)
            return
        raise keys.Contradiction(
            f"its {made.rows:,} rows need a row of {reference.references} each, which has {count:,}"
        )
    correlation = subject.statistics.correlation if subject.statistics else 1.0
    places = np.floor(np.arange(made.rows) * (count / max(1, made.rows))).astype("i8")
    ranks = np.sort(arrays[0])[places]
    chance = generator(designer.seed, made.table.full_name, name, "order")
    chosen = ranks[order(correlation if correlation is not None else 1.0, made.rows, chance)]
    made.columns[name] = Fixed(name=name, source=sources[0], codes=chosen, null=subject.null)


def _some_to_one(designer: Designer, made: Design, reference: Constraint, source: Source, codes: Array) -> None:
    """Fewer parents than rows: as many rows as have one refer to one each, the others are NULL."""
    name, count = reference.columns[0], len(codes)
    if not count:
        orphans(designer, made, reference, [name])
        return
    subject = designer.subject(made, name)
    wanted = round(made.rows * (1 - subject.null))
    given = min(wanted, count)
    if given < wanted:
        designer.notes.append(
            f"{made.table.full_name}.{name}: {wanted - given:,} more NULLs than production's share: it is unique and"
            f" refers to {reference.references}, which has {count:,} rows."
        )
    chance = generator(designer.seed, made.table.full_name, name, "order")
    absent = np.ones(made.rows, "?")
    absent[chance.permutation(made.rows)[:given]] = False
    correlation = subject.statistics.correlation if subject.statistics else 1.0
    ranks = np.sort(codes)[np.floor(np.arange(given) * (count / max(1, given))).astype("i8")]
    chosen = np.full(made.rows, codes[0])
    chosen[~absent] = ranks[order(correlation if correlation is not None else 1.0, given, chance)]
    made.columns[name] = Fixed(name=name, source=source, codes=chosen, null=subject.null, absent=absent)


def refer(designer: Designer, made: Design, reference: Constraint, waiting: frozenset[str] = frozenset()) -> None:
    """A key's columns that are not made yet: any parents, as often as production has it.

    `waiting`: columns that are made once this one is.
    """
    names = [name for name in reference.columns if name not in made.columns]
    if not names or any(made.relation.attribute(name).generated for name in names):
        return
    if len(reference.columns) == 1 and _repeated(designer, made, names[0], waiting):
        return
    sources, arrays, production = designer.parents(made, reference)
    subjects = {name: designer.subject(made, name) for name in reference.columns}
    if not made.rows:
        for name in names:
            made.columns[name] = designer.plain(made, made.relation.attribute(name))
        return
    if not len(arrays[0]):
        orphans(designer, made, reference, names)
        return
    if len(names) < len(reference.columns):
        _within(designer, made, reference, sources, arrays)
        return
    there = len(arrays[0])
    if reference.definition == "" and len(names) == 1:
        arrays = [_with_gone(designer, reference, sources[0], arrays[0])]
    lead = lead_of([subjects[name] for name in names])
    at = names.index(lead.attribute.name)
    edge = fanout.edge_of(made.table, reference)
    ranks = companions.of_parents(designer, edge) if edge is not None else None
    if edge is not None and len(arrays[0]) > there:
        ranks = fanout.with_gone(
            edge, there, len(arrays[0]), generator(designer.seed, made.table.full_name, *names, "gone")
        )
    distribution, sequence = keys.parents(
        lead, designer.maker, sources[at], arrays[at],
        share=_used(lead, made.table, production), clustered=_clustered(lead),
        ranked=ranks is not None,
    )  # fmt: skip
    together = f"foreign key {reference.name}" if len(names) > 1 else ""
    correlation = lead.statistics.correlation if lead.statistics else None
    null = max((subjects[name].null for name in names), default=0.0)
    if edge is not None:
        ordered = [array[sequence] for array in arrays]
        ranks = ranks[sequence] if ranks is not None and len(ranks) == len(sequence) else None

        def agreeing(slots: Array) -> agreements.Choice | None:
            return agreements.choice(designer, made, reference, slots, ordered[at], sequence)

        dealt = wholes.of_part(designer, made, edge, len(ordered[0]), distribution, ranks, null)
        made.columns |= related.children(
            designer, made, edge, names, sources, ordered, distribution, correlation, null, ranks, dealt, agreeing
        )
        return
    for name, source, array in zip(names, sources, arrays, strict=True):
        referring = Referring(target=source, codes=array[sequence], distribution=distribution)
        made.columns[name] = Drawn(
            name=name, source=referring, correlation=distribution.untied(correlation),
            null=0.0 if subjects[name].attribute.not_null else null, drawn_with=together,
        )  # fmt: skip


def _repeated(designer: Designer, made: Design, name: str, waiting: frozenset[str]) -> bool:
    """A key that a parent has too: it is taken from there, once that parent is chosen."""
    key = agreements.awaited(made, name)
    if not key or set(key) & waiting:
        return False
    other = next((one for one in made.table.constraints if one.kind == "foreign key" and one.columns == key), None)
    if other is not None and other.references != made.table.full_name:
        refer(designer, made, other, waiting | {name})
    found = agreements.copied(designer, made, name)
    if found is None or name in made.columns:
        return name in made.columns
    made.columns[name] = found
    return True


def _with_gone(designer: Designer, reference: Constraint, source: Source, codes: Array) -> Array:
    """The parents' codes, and those of parents that are gone: a key that nobody declared may refer to them."""
    parent = designer.known(reference.references or "")
    count = designer.gone(parent, reference.references_columns[0]) if parent is not None else 0
    if not count:
        return codes
    if isinstance(source, Pooled):
        free = np.setdiff1d(np.arange(len(source.pool)), codes)
    elif isinstance(source, Numbers | Serial):
        # never above: the next row that a test inserts would find children
        low = int(codes.min())
        near = np.concatenate([codes + 1, codes - 1])
        free = np.setdiff1d(near[(near > 0) & (near < codes.max()) & (near > low - count)], codes)
    else:
        free = np.arange(len(codes), len(codes) + count)
    chance = generator(designer.seed, reference.references or "", *reference.references_columns, "gone")
    return np.concatenate([codes, chance.permutation(free)[:count].astype(codes.dtype)])


def orphans(designer: Designer, made: Design, reference: Constraint, names: Sequence[str]) -> None:
    """There is no parent: NULL, or Contradiction."""
    for name in names:
        attribute = made.relation.attribute(name)
        if attribute.not_null:
            raise keys.Contradiction(
                f"its {made.rows:,} rows need a row of {reference.references} each ({reference.name}), which has none"
            )
        plain = designer.plain(made, attribute)
        made.columns[name] = Drawn(name=name, source=plain.source, null=1.0)


def _within(
    designer: Designer, made: Design, reference: Constraint, sources: list[Source], arrays: list[Array]
) -> None:
    """Some columns are set already: any parent that agrees with them."""
    fixed = [at for at, name in enumerate(reference.columns) if name in made.columns]
    own = keys.joint([np.concatenate([arrays[at], designer.codes(made, reference.columns[at])]) for at in fixed])
    count = len(arrays[0])
    theirs, ours = own[:count], own[count:]
    sequence = np.argsort(theirs, kind="stable")
    first = np.searchsorted(theirs[sequence], ours, side="left")
    last = np.searchsorted(theirs[sequence], ours, side="right")
    chance = generator(designer.seed, made.table.full_name, reference.name)
    picked = sequence[np.minimum(first + np.floor(chance.random(made.rows) * (last - first)).astype("i8"), count - 1)]
    lonely = (last == first) & ~_absent(designer, made, [reference.columns[at] for at in fixed])
    left = [name for name in reference.columns if name not in made.columns]
    bare = [name for name in left if made.relation.attribute(name).not_null]
    if lonely.any() and bare and (bare == left or "MATCH FULL" in reference.definition):
        rows = _moved(designer, made, reference, [reference.columns[at] for at in fixed], lonely)
        if rows is None:
            raise keys.Contradiction(
                f"{int(lonely.sum()):,} rows find no row of {reference.references} for {reference.name}"
            )
        width = (last - first)[rows]
        picked[lonely] = sequence[first[rows] + np.floor(chance.random(len(rows)) * width).astype("i8")]
        lonely[:] = False
    null = max((designer.subject(made, name).null for name in left), default=0.0)
    together = f"foreign key {reference.name}"
    for at, name in enumerate(reference.columns):
        if name not in made.columns:
            column = Fixed(name=name, source=sources[at], codes=arrays[at][picked], null=null, drawn_with=together)
            absent = _nulls(designer, made, column) | lonely if lonely.any() else None
            may = name not in bare
            made.columns[name] = replace(column, null=null if may else 0.0, absent=absent if may else None)


def _nulls(designer: Designer, made: Design, column: Column) -> Array:
    """Which of all rows are NULL."""
    blocks = [(at, min(CHUNK, made.rows - at)) for at in range(0, made.rows, CHUNK)]
    parts = [(count, nulls(column, at, count, designer.seed, made.table.full_name)) for at, count in blocks]
    return np.concatenate([np.zeros(count, "?") if part is None else part for count, part in parts])


def _absent(designer: Designer, made: Design, names: Sequence[str]) -> Array:
    """Rows that are NULL in one of these columns: they refer to nothing."""
    return np.asarray(np.any([_nulls(designer, made, made.columns[name]) for name in names], axis=0))


def _moved(
    designer: Designer, made: Design, reference: Constraint, names: Sequence[str], lonely: Array
) -> Array | None:
    """Give `lonely` rows these columns of others, which have parents: whose; None where the columns are not free."""
    moved = _tied(made, reference, set(names))
    donors = np.flatnonzero(~lonely & ~_absent(designer, made, names))
    if moved is None or not len(donors):
        return None
    chance = generator(designer.seed, made.table.full_name, reference.name, "moved")
    rows = donors[chance.integers(0, len(donors), int(lonely.sum()))]
    for name in sorted(moved):
        codes = designer.codes(made, name).copy()
        codes[lonely] = codes[rows]
        column = made.columns[name]
        assert isinstance(column, Fixed)
        made.columns[name] = replace(column, codes=codes)
    return rows


def _tied(made: Design, reference: Constraint, names: set[str]) -> set[str] | None:
    """These columns, and those that other foreign keys tie to them; None where rows cannot have another one's values."""
    table = made.table
    others = [
        one
        for one in table.constraints
        if one.kind == "foreign key" and one is not reference and set(one.columns) <= set(made.columns)
    ]
    grown = True
    while grown:
        more = {name for one in others if names & set(one.columns) for name in one.columns} - names
        names = names | more
        grown = bool(more)
    unique = [index.columns for index in table.indexes if index.unique]
    unique += [one.columns for one in table.constraints if one.kind in ("primary key", "unique")]
    itself = {name for one in others if one.references == table.full_name for name in one.references_columns}
    if names & (made.locked | made.choices.keys() | itself) or any(set(group) <= names for group in unique):
        return None
    return names


def lead_of(subjects: Sequence[Subject]) -> Subject:
    """Of a foreign key's columns the one with the most values."""
    return max(subjects, key=lambda one: one.distinct)


def _clustered(subject: Subject) -> bool:
    found = subject.statistics
    return bool(found and found.n_distinct > 0 and (found.correlation or 0) > 0.9)


def _used(subject: Subject, table: Table, parents: float) -> float:
    """The share of production's parents that have a child."""
    found = subject.statistics
    if found is None or not found.n_distinct or not parents:
        return 1.0
    distinct = found.n_distinct if found.n_distinct > 0 else -found.n_distinct * table.rows
    return float(min(1.0, distinct / parents))
