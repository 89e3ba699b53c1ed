"""Rows whose keys lead to the same: an own column repeats the parent's, and two parents are of the same third."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..profile.model import Constraint
from . import keys, related
from .plan import leaves_of
from .sources import Column, Fixed, Referring, Source
from .values import Array

if TYPE_CHECKING:
    from .design import Design, Designer


_ATTEMPTS = 80


@dataclass(frozen=True, kw_only=True)
class Choice:
    """For each row the parents from which one may be chosen: those that agree with another key of the row."""

    slots: Array
    """Parents by number, group after group, each as often as it has children."""
    first: Array
    """Of each row, where its group begins."""
    last: Array
    codes: Array
    """Of the parents' key, by number."""
    by: tuple[str, ...]
    """The columns of the key that a row's group follows from."""

    def again(self, rows: Array, chance: np.random.Generator) -> Array:
        """Other codes for these rows."""
        first, last = self.first[rows], np.maximum(self.last[rows], self.first[rows] + 1)
        at = first + np.floor(chance.random(len(rows)) * (last - first)).astype("i8")
        return np.asarray(self.codes[self.slots[np.minimum(at, len(self.slots) - 1)]])

    def apart(self, own: Array, others: Mapping[str, Array], chance: np.random.Generator) -> None:
        """Change rows of which one is like another one: another parent of the group, then another group, as others have it.

        `own`: the key's codes; `others`: the other columns that are unique together with it.
        """
        for attempt in range(_ATTEMPTS):
            rows = keys.repeated([*others.values(), own])
            if not len(rows):
                return
            if attempt >= _ATTEMPTS // 4 and set(self.by) <= set(others):
                # its group has too few of them
                like = chance.integers(0, len(own), len(rows))
                self.first[rows], self.last[rows] = self.first[like], self.last[like]
                for name in self.by:
                    others[name][rows] = others[name][like]
            own[rows] = self.again(rows, chance)

    def spread(self, chance: np.random.Generator) -> Array:
        """A parent for each row: within a group every slot as often as every other one."""
        rows = len(self.first)
        shuffled = chance.permutation(rows)
        sequence = shuffled[np.argsort(self.first[shuffled], kind="stable")]
        begins = self.first[sequence]
        start = np.flatnonzero(np.concatenate([[True], begins[1:] != begins[:-1]])) if rows else np.zeros(0, "i8")
        sizes = np.diff(np.append(start, rows))
        within = (np.arange(rows) - np.repeat(start, sizes) + chance.random(rows)) / np.repeat(sizes, sizes)
        width = np.maximum(self.last[sequence] - begins, 0)
        at = np.minimum(begins + np.floor(within * width).astype("i8"), len(self.slots) - 1)
        # who finds nobody takes anybody
        lonely = np.flatnonzero(width == 0)
        at[lonely] = chance.integers(0, len(self.slots), len(lonely))
        found = np.empty(rows, "i8")
        found[sequence] = self.slots[at]
        return found


def copied(designer: Designer, made: Design, name: str) -> Column | None:
    """A column that repeats what a parent has; None where none does, or that parent is not there yet."""
    for one in made.table.probes.agreements if made.table.probes else ():
        if one.other or one.other_column != name:
            continue
        found = of_row(designer, made, one.reference, one.column)
        if found is not None:
            source, values = found
            null = designer.subject(made, name).null
            return Fixed(
                name=name, source=source, codes=values, null=null, pattern=related.pattern(made.table, name, null)
            )
    return None


def awaited(made: Design, name: str) -> list[str]:
    """The key that a column waits for, because it repeats what its parent has."""
    for one in made.table.probes.agreements if made.table.probes else ():
        if not one.other and one.other_column == name:
            return one.reference
    return []


def choice(
    designer: Designer, made: Design, reference: Constraint, slots: Array, codes: Array, sequence: Array
) -> Choice | None:
    """Of the parents in `slots` (places in `codes`) those that agree with a key that is made already.

    `sequence`: of each place in `codes` the parent's row.
    """
    for one in made.table.probes.agreements if made.table.probes else ():
        pairs = [(one.reference, one.column, one.other, one.other_column)]
        pairs += [(one.other, one.other_column, one.reference, one.column)] if one.other else []
        for mine, mine_column, theirs, their_column in pairs:
            if mine != reference.columns or not theirs:
                continue
            wanted = of_row(designer, made, theirs, their_column)
            have = _of_parents(designer, reference, mine_column)
            if wanted is None or have is None or not _same(wanted[0], have[0]):
                continue
            groups = have[1][sequence][slots]
            rising = np.argsort(groups, kind="stable")
            return Choice(
                slots=slots[rising], codes=codes, by=tuple(theirs),
                first=np.searchsorted(groups[rising], wanted[1], side="left"),
                last=np.searchsorted(groups[rising], wanted[1], side="right"),
            )  # fmt: skip
    return None


def of_row(designer: Designer, made: Design, columns: Sequence[str], name: str) -> tuple[Source, Array] | None:
    """What each row's parent by a key has in a column that is never NULL: its source, and the codes."""
    reference = next(
        (one for one in made.table.constraints if one.kind == "foreign key" and one.columns == list(columns)), None
    )
    if reference is None or any(column not in made.columns for column in columns) or not made.rows:
        return None
    have = _of_parents(designer, reference, name)
    if have is None or not len(have[1]):
        return None
    _, arrays, _ = designer.parents(made, reference)
    own = [designer.codes(made, column) for column in columns]
    count = len(arrays[0])
    joined = keys.joint([np.concatenate([theirs, mine]) for theirs, mine in zip(arrays, own, strict=True)])
    sequence = np.argsort(joined[:count], kind="stable")
    place = np.minimum(np.searchsorted(joined[:count][sequence], joined[count:]), count - 1)
    return have[0], have[1][sequence[place]]


def _of_parents(designer: Designer, reference: Constraint, name: str) -> tuple[Source, Array] | None:
    """A column of all the parents' rows; None where it may be NULL, or is not made."""
    source: Source | None = None
    parts = []
    for leaf in leaves_of(designer.profile, reference.references or ""):
        parent = designer.known(leaf)
        if parent is None or not parent.rows:
            continue
        column = parent.columns.get(name)
        if column is None or column.null > 0 or (isinstance(column, Fixed) and column.absent is not None):
            return None
        if source is not None and not _same(source, column.source):
            return None
        source = column.source
        parts.append(designer.codes(parent, name))
    return None if source is None else (source, np.concatenate(parts))


def _same(one: Source, other: Source) -> bool:
    """Does a code mean the same in both?"""
    first = one.target if isinstance(one, Referring) else one
    second = other.target if isinstance(other, Referring) else other
    return first is second
