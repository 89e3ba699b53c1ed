"""Children per parent as production has them: from a probed histogram."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ..profile.model import Constraint, Profile, Table
from ..profile.probed import FanOut
from .chance import order
from .distribution import Distribution, strictly
from .values import Array

NEAR = 0.01
"""A distance (Kolmogorov-Smirnov) of the children's keys from production's histogram that is good enough."""
_STRENGTHS = (0.0, 0.5, 1.0, 2.0)


def edge_of(table: Table, reference: Constraint) -> FanOut | None:
    """Children per parent of a key, where they were probed."""
    for edge in table.probes.fan_outs if table.probes else ():
        if edge.constraint is not None:
            same = edge.constraint == reference.name
        else:
            same = edge.columns == reference.columns and edge.references == reference.references
        if same and edge.known and any(edge.parents):
            return edge
    return None


def undeclared(table: Table, unique: set[str], counts: Mapping[str, int]) -> list[Constraint]:
    """Soft edges to tables with rows, as if they were foreign keys; `unique` columns keep their own values."""
    return [
        Constraint(
            name=f"{', '.join(edge.columns)} = {edge.references}", kind="foreign key", definition="",
            columns=edge.columns, references=edge.references, references_columns=edge.references_columns,
        )
        for edge in (table.probes.fan_outs if table.probes else ())
        if edge.constraint is None and not unique & set(edge.columns) and counts.get(edge.references, 0)
    ]  # fmt: skip


def wanted(profile: Profile) -> dict[tuple[str, str], list[str]]:
    """By (table, column): values that other tables refer to, as far as their statistics tell, the common ones first."""
    common: dict[tuple[str, str], dict[str, float]] = {}
    others: dict[tuple[str, str], dict[str, None]] = {}
    for table in profile.tables:
        known = {column.name: column.statistics or column.inherited_statistics for column in table.columns}
        for columns, parent, theirs in _edges(table):
            for own, of in zip(columns, theirs, strict=False):
                found = known.get(own)
                if found is None:
                    continue
                shares = common.setdefault((parent, of), {})
                for text, share in zip(found.most_common_vals or [], found.most_common_freqs or [], strict=False):
                    shares[text] = max(share, shares.get(text, 0.0))
                others.setdefault((parent, of), {}).update(dict.fromkeys(found.histogram_bounds or []))
    return {
        key: list(dict.fromkeys([*sorted(shares, key=lambda text: -shares[text]), *others.get(key, ())]))
        for key, shares in common.items()
    }


def _edges(table: Table) -> Iterator[tuple[list[str], str, list[str]]]:
    for one in table.constraints:
        if one.kind == "foreign key" and one.references:
            yield one.columns, one.references, one.references_columns
    for edge in table.probes.fan_outs if table.probes else ():
        if edge.constraint is None:
            yield edge.columns, edge.references, edge.references_columns


def gone(profile: Profile) -> dict[tuple[str, str], int]:
    """By (table, column): how many values production has that refer to rows which are not there."""
    found: dict[tuple[str, str], int] = {}
    for table in profile.tables:
        for edge in table.probes.fan_outs if table.probes else ():
            if edge.orphans and len(edge.references_columns) == 1:
                key = edge.references, edge.references_columns[0]
                found[key] = max(edge.orphans, found.get(key, 0))
    return found


def with_gone(edge: FanOut, there: int, total: int, chance: np.random.Generator) -> Array:
    """Places in the order of numbers of children: the parents after the first `there` are gone, so each has some."""
    childless = edge.parents[0] / max(1, sum(edge.parents)) if edge.sizes[0] == 0 else 0.0
    places = childless + (1 - childless) * chance.random(total)
    none = chance.random(there) < childless * total / max(1, there)
    places[:there][none] = chance.random(int(none.sum())) * childless
    return np.asarray(places)


def sizes(edge: FanOut, parents: int, rows: int, chance: np.random.Generator) -> Array:
    """The number of children of each of `parents` parents, rising; their sum is `rows`.

    With as many rows a parent as in production they are production's, at any scale; else all become larger or smaller.
    """
    ends = np.cumsum(np.array(edge.parents, "f8"))
    places = (np.arange(parents) + 0.5) / max(1, parents) * ends[-1]
    found = np.array(edge.sizes)[np.minimum(np.searchsorted(ends, places, side="right"), len(ends) - 1)]
    total = float(found.sum())
    if not parents or not rows:
        return np.zeros(parents, "i8")
    if total <= 0:
        found = np.full(parents, rows / parents)
    elif not 0.98 < rows / total < 1.02:
        found = found * (rows / total)
    whole = np.floor(found + chance.random(parents)).astype("i8")
    return np.sort(_summing(whole, rows, chance))


def _summing(found: Array, rows: int, chance: np.random.Generator) -> Array:
    """Moved by one child here and there, until they are `rows`; childless parents stay so where they can."""
    while (gap := rows - int(found.sum())) != 0:
        able = np.flatnonzero(found > 0) if gap > 0 else np.flatnonzero(found > 1)
        if not len(able):
            able = np.arange(len(found)) if gap > 0 else np.flatnonzero(found > 0)
        picked = chance.choice(able, size=min(abs(gap), len(able)), replace=False)
        found[picked] += 1 if gap > 0 else -1
    return found


def spread(counts: Array, distribution: Distribution, chance: np.random.Generator, ranks: Array | None = None) -> Array:
    """Which parent has how many: `counts` (rising), in the order in which `distribution` numbers the parents.

    Frequent parents get the numbers nearest to their shares; the others are shuffled, with more for those that lie where
    production's histogram is dense, as far as that brings the keys nearer to it. `ranks`: a place in the order of the
    counts for each parent, where something of the parent's tells.
    """
    parents, rows = len(counts), max(1, int(counts.sum()))
    share = distribution.mass / distribution.mass.sum()
    single = distribution.width == 0
    frequent = single & (share * rows > 0.5 * rows / max(1, parents))
    places, firsts = np.unique(np.clip(distribution.low[frequent], 0, parents - 1), return_index=True)
    wanted = share[frequent][firsts] * rows
    rising = np.argsort(wanted, kind="stable")
    taken = strictly(np.searchsorted(counts, wanted[rising], side="left"))
    taken = np.minimum(taken, parents - len(taken) + np.arange(len(taken)))
    result = np.zeros(parents, "i8")
    result[places[rising]] = counts[taken]
    others = np.ones(parents, "?")
    others[places] = False
    left = np.delete(counts, taken)
    density = _density(distribution, share, parents)
    expected = np.cumsum(density)
    best, found = np.inf, result
    if ranks is None:
        noise = chance.gumbel(size=int(others.sum()))
    else:
        noise = -np.log(-np.log(np.clip(ranks[others], 1e-12, 1 - 1e-12)))
    for strength in _STRENGTHS:
        score = noise + strength * np.log(np.maximum(density[others], density.max() * 1e-6))
        tried = result.copy()
        tried[np.flatnonzero(others)[np.argsort(score, kind="stable")]] = left
        distance = float(np.abs(np.cumsum(tried) / rows - expected).max(initial=0))
        if distance < best:
            best, found = distance, tried
        if best < NEAR:
            break
    return found


def _density(distribution: Distribution, share: Array, parents: int) -> Array:
    """Each parent's expected share of the children."""
    low = np.clip(distribution.low, 0, parents - 1)
    high = np.clip(low + np.maximum(1, distribution.width), 1, parents)
    edges = np.zeros(parents + 1)
    np.add.at(edges, low, share / (high - low))
    np.add.at(edges, high, -share / (high - low))
    return np.maximum(np.cumsum(edges[:-1]), 0)


def children(of: Array, correlation: float | None, chance: np.random.Generator) -> Array:
    """Each child's parent, by number, from the parents' numbers of children; as correlated with the rows as asked."""
    rows = int(of.sum())
    ranks = np.repeat(np.arange(len(of), dtype="i4"), of)
    ties = float(((of / max(1, rows)) ** 2).sum())
    if correlation is None or ties > 0.99:
        wanted = 0.0
    elif correlation < 0:
        wanted = max(-1.0, correlation)
    else:
        wanted = float(np.clip((correlation - ties) / (1 - ties), -1, 1))
    return np.asarray(ranks[order(wanted, rows, chance)])
