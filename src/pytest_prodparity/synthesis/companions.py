"""Columns that go together: from probed shares of ranks to the places of rows in their column's order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..profile.model import Table
from ..profile.probed import Companion, FanOut
from .chance import generator
from .plan import leaves_of
from .sources import Column, Numbers, Pooled, Ranked, Referring, Serial, Source, patterns
from .values import Array

if TYPE_CHECKING:
    from .design import Designer

APART = 0.1
"""So far the other column's groups may be from production's."""
_SOME = 200_000


def orderly(source: Source) -> bool:
    """Do its codes rise with its values?"""
    if isinstance(source, Referring):
        return orderly(source.target)
    return isinstance(source, Numbers | Serial) or (isinstance(source, Pooled) and source.pool.literals is not None)


def by_ranks(companion: Companion, base: Column | None, some: Array) -> Ranked | None:
    """From another column, of which `some` codes are known; None where its groups are not production's."""
    counts, ours, edges = _read(companion)
    if not len(counts) or not len(some):
        return None
    known = np.sort(some)
    theirs = counts.sum(axis=1) / counts.sum()
    begins = np.cumsum(theirs) - theirs
    ranked = Ranked(base=base, known=known, begins=begins, cumulated=_cumulated(counts), edges=edges)
    found = np.bincount(ranked.groups(known), minlength=len(counts)) / max(1, len(known))
    if float(np.abs(found - theirs).sum()) / 2 > APART:
        return None
    # both columns keep their own shares
    for _ in range(8):
        counts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12) * found[:, None]
        counts = counts / np.maximum(counts.sum(axis=0, keepdims=True), 1e-12) * ours
    counts[counts.sum(axis=1) <= 0] = ours
    return replace(ranked, cumulated=_cumulated(counts))


def by_nulls(companion: Companion, table: Table) -> Ranked | None:
    """From which columns of the row are NULL."""
    counts, ours, edges = _read(companion)
    known = table.probes.null_patterns if table.probes else []
    if not len(counts) or len(companion.patterns) != len(counts) or max(companion.patterns) >= len(known):
        return None
    lines = np.tile(ours, (len(known) + 1, 1))
    lines[companion.patterns] = counts / counts.sum(axis=1, keepdims=True)
    ends = np.minimum(np.cumsum([one.share for one in known]), 1.0)
    return Ranked(base=None, known=ends, begins=ends, cumulated=_cumulated(lines), edges=edges)


def of_parents(designer: Designer, edge: FanOut) -> Array | None:
    """For each row of the parent its place in the order of numbers of children; None where nothing is known of that."""
    companion = edge.companion
    if companion is None:
        return None
    parts = []
    for leaf in leaves_of(designer.profile, edge.references):
        parent = designer.known(leaf)
        if parent is None or not parent.rows:
            continue
        if not companion.base:
            ranked = by_nulls(companion, parent.table)
            if ranked is None:
                return None
            groups = patterns(ranked.known, 0, parent.rows, designer.seed, leaf)
        else:
            base = parent.columns.get(companion.base)
            if base is None or not orderly(base.source):
                return None
            codes = designer.codes(parent, companion.base)
            ranked = by_ranks(companion, None, codes[:: max(1, len(codes) // _SOME)])
            if ranked is None:
                return None
            groups = ranked.groups(codes)
        chance = generator(designer.seed, leaf, *edge.columns, "number of children")
        parts.append(ranked.shares(groups, chance.random(parent.rows)))
    return np.concatenate(parts) if parts else None


def _read(companion: Companion) -> tuple[Array, Array, Array]:
    """Counts, the shares of the column's own groups, and where in its order they begin."""
    counts = np.array([[float(entry) for entry in line.split()] for line in companion.counts])
    if not len(counts):
        return counts, counts, counts
    ours = counts.sum(axis=0) / counts.sum()
    edges = np.concatenate([[0.0], np.cumsum(ours)])
    edges[-1] = 1.0
    return counts, ours, edges


def _cumulated(lines: Array) -> Array:
    ends = np.cumsum(lines, axis=1) / lines.sum(axis=1, keepdims=True)
    return np.concatenate([np.zeros((len(lines), 1)), ends], axis=1)
