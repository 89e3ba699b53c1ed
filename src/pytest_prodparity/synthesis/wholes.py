"""Children in partitions: the whole's number of children for each parent, dealt out to its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..profile.model import Profile, Table
from ..profile.probed import FanOut
from . import fanout
from .chance import generator
from .distribution import Distribution
from .plan import leaves_of
from .values import Array

if TYPE_CHECKING:
    from .design import Design, Designer

ALONE = 1.05
"""Parents of all parts over those of the whole: below it each parent's children are in one part."""


def of_part(
    designer: Designer, made: Design, edge: FanOut, parents: int, distribution: Distribution, ranks: Array | None,
    null: float,
) -> Callable[[int], Array] | None:  # fmt: skip
    """From a part's number of rows to each parent's children there; None where parts are no worse than the whole.

    `edge`: the part's own; `distribution` and `ranks` number the `parents`.
    """
    root = root_of(designer.profile, made.table)
    whole = _same(root, edge) if root is not made.table else None
    leaves = leaves_of(designer.profile, root.full_name)
    if whole is None or _alone(designer.profile, leaves, edge, whole):
        return None
    return _dealt(designer, root.full_name, edge.columns, whole, parents, leaves, distribution, ranks, null)


def _dealt(
    designer: Designer, root: str, columns: Sequence[str], whole: FanOut, parents: int, leaves: Sequence[str],
    distribution: Distribution, ranks: Array | None, null: float,
) -> Callable[[int], Array]:  # fmt: skip
    key = (root, *columns)
    if key not in designer.dealt:
        chance = generator(designer.seed, *key, "whole")
        total = round(sum(designer.rows_of(leaf) for leaf in leaves) * (1 - null))
        of = fanout.spread(fanout.sizes(whole, parents, total, chance), distribution, chance, ranks)
        designer.dealt[key] = chance.permutation(np.repeat(np.arange(parents, dtype="i4"), of))

    def take(rows: int) -> Array:
        slots = designer.dealt[key]
        # parts are dealt one after the other; what is missing at the end begins anew
        designer.dealt[key] = np.roll(slots, -rows)
        return np.bincount(np.resize(slots, rows) if len(slots) else np.zeros(rows, "i4"), minlength=parents)

    return take


def root_of(profile: Profile, table: Table) -> Table:
    """The partitioned table that a partition belongs to in the end, or itself."""
    known = {one.full_name: one for one in profile.tables}
    while table.kind in ("partition", "partitioned") and table.parent in known:
        table = known[table.parent]
    return table


def _same(table: Table, edge: FanOut) -> FanOut | None:
    for one in table.probes.fan_outs if table.probes else ():
        if one.columns == edge.columns and one.references == edge.references and one.known and any(one.parents):
            return one
    return None


def _alone(profile: Profile, leaves: Sequence[str], edge: FanOut, whole: FanOut) -> bool:
    parts = [_same(table, edge) for table in profile.tables if table.full_name in leaves]
    return sum(_parents(one) for one in parts if one is not None) <= ALONE * _parents(whole)


def _parents(edge: FanOut) -> int:
    """That have any child."""
    return sum(count for size, count in zip(edge.sizes, edge.parents, strict=True) if size > 0)
