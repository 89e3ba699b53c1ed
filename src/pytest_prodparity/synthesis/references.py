"""Columns that refer to the rows of other tables, declared or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..profile.model import Constraint, Table
from . import agreements, companions, fanout, keys, related, wholes
from .chance import generator, order
from .sources import Drawn, Fixed, Numbers, Pooled, Referring, Serial, Source
from .subject import Subject
from .values import Array

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
            designer.notes.append(
                f"{made.table.full_name}: {count:,} of {made.rows:,} rows: {name} is unique and refers to"
                f" {reference.references}, which has no more."
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
    lonely = last == first
    for at, name in enumerate(reference.columns):
        if name not in made.columns:
            subject = designer.subject(made, name)
            if lonely.any() and subject.attribute.not_null:
                raise keys.Contradiction(
                    f"{int(lonely.sum()):,} rows find no row of {reference.references} for {reference.name}"
                )
            made.columns[name] = Fixed(
                name=name, source=sources[at], codes=arrays[at][picked],
                null=1.0 if lonely.any() else subject.null, drawn_with=f"foreign key {reference.name}",
            )  # fmt: skip


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
