"""Keys: values that are unique, alone or together, and children's parents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from .chance import generator, order
from .columns import Maker
from .distribution import Distribution, drawn_from, make, strictly
from .sentences import Sentences
from .sources import Fixed, Made, Numbers, Pooled, Serial, Source
from .subject import Subject
from .text import Shape
from .values import Array

SMALL = 1000
"""Tests insert rows with small ids: generated keys leave them alone where production has room for both."""
STRAIGHT = 0.02
"""So far a key's histogram may be from a straight line to count as one."""
_TOPS = {"int2": 2**15 - 1, "int4": 2**31 - 1, "date": 2**31 - 2}


class Contradiction(Exception):
    """What is asked of a key cannot be; the text says why."""


def unique_numbers(subject: Subject, source: Numbers, *, avoid: bool, seed: int) -> Fixed:
    """A column of different numbers, along its histogram."""
    name, rows, known = subject.attribute.name, subject.rows, source.distribution
    if not known.whole:
        smooth = replace(known, levels=np.where(known.width > 0, 1e9, 1.0), unit=0)
        values = smooth.at((np.arange(rows) + 0.5) / max(1, rows))
        if len(np.unique(values)) < rows:
            size = max(1.0, float(np.abs(values).max()))
            values = values + np.arange(rows) * size * (1e-5 if subject.attribute.form == "float4" else 1e-12)
        return Fixed(name=name, source=source, codes=values[_ranks(subject, seed)], null=subject.null)
    unit = max(1, int(known.unit))
    moved = None
    low, high = int(known.low.min()), int((known.low + known.width).max())
    if subject.statistics is None or not (subject.statistics.histogram_bounds or subject.statistics.most_common_vals):
        low, high = _unknown_range(subject, low, high)
    if avoid and 0 <= low < SMALL <= subject.table.rows and subject.attribute.form in ("int2", "int4", "int8"):
        low, high, moved = SMALL, max(high, SMALL + rows), known
    room = (high - low) // unit + 1
    top = _TOPS.get(subject.attribute.form, 2**63 - 1)
    if max(low + rows * unit, 0) > top:
        low = -top if subject.attribute.form != "date" else low
        if rows * unit > 2 * top:
            raise Contradiction(f"{rows:,} different values do not fit into {subject.attribute.declared}")
    step = max(1.0, room / max(1, rows))
    straight = Serial(first=low, step=step, unit=unit, form=source.form, scale=source.scale, production=moved)
    ranks = _ranks(subject, seed)
    bent = _bent(known, low, high) if room > rows else 0.0
    if bent < STRAIGHT:
        in_order = len(ranks) == 0 or bool((ranks[:1] == 0).all() and (ranks[-1] == rows - 1) and _rising(ranks))
        return Fixed(name=name, source=straight, codes=None if in_order else straight.at(ranks), null=subject.null)
    values = strictly(np.maximum(known.at((np.arange(rows) + 0.5) / rows), low), unit)
    values = np.minimum(values, high - (rows - 1 - np.arange(rows)) * unit)
    return Fixed(name=name, source=straight, codes=values[ranks], null=subject.null)


def _rising(ranks: Array) -> bool:
    return bool((np.diff(ranks) > 0).all())


def _ranks(subject: Subject, seed: int) -> Array:
    correlation = subject.statistics.correlation if subject.statistics else None
    wanted = 1.0 if correlation is None else correlation
    if wanted > 0.98:
        wanted = 1.0
    return order(wanted, subject.rows, generator(seed, subject.table.full_name, subject.attribute.name, "order"))


def _unknown_range(subject: Subject, low: int, high: int) -> tuple[int, int]:
    form, rows = subject.attribute.form, subject.rows
    if form in ("timestamp", "date", "time"):
        return (low, high) if high - low >= rows else (high - rows, high)
    return 1, rows


def _bent(known: Distribution, low: int, high: int) -> float:
    """How far the values' distribution is from an even one between `low` and `high`."""
    if high <= low:
        return 0.0
    inside = (known.low >= low) & (known.low <= high)
    begin = np.concatenate([[0.0], known.ends[:-1]])[inside]
    if not len(begin):
        return 0.0
    return float(np.abs(begin - (known.low[inside] - low) / (high - low)).max())


def unique_made(subject: Subject, source: Source, seed: int) -> Fixed:
    """A column of different texts or other values that are made or listed."""
    if isinstance(source, Pooled):
        if len(source.pool) < subject.rows:
            raise Contradiction(
                f"{subject.rows:,} rows need as many different values of {subject.attribute.declared},"
                f" and {len(source.pool):,} can be made"
            )
        ranks = _ranks(subject, seed)
        if len(source.pool) > subject.rows:
            ranks = _some(subject, len(source.pool), seed)[ranks]
        return Fixed(name=subject.attribute.name, source=source, codes=ranks, null=subject.null)
    rising = isinstance(source, Made) and isinstance(source.texter, Shape | Sentences)
    codes = _ranks(subject, seed) if rising else None
    return Fixed(name=subject.attribute.name, source=source, codes=codes, null=subject.null)


def _some(subject: Subject, count: int, seed: int) -> Array:
    chance = generator(seed, subject.table.full_name, subject.attribute.name, "order")
    return np.sort(chance.permutation(count)[: subject.rows])


def parents(
    subject: Subject, maker: Maker, target: Source, codes: Array, *, share: float, clustered: bool, ranked: bool = False
) -> tuple[Distribution, Array]:
    """Which of the parents' rows the children have, and the parents' positions in the order of that distribution.

    `codes`: of the column that `subject` refers to, one a parent row. `share`: of the parents that have any child.
    `ranked`: it is known otherwise which parents have many children, should the common values be of none of them.
    """
    statistics = subject.statistics
    common = list(statistics.most_common_vals or []) if statistics else []
    frequencies = np.array(statistics.most_common_freqs or [] if statistics else [], "f8")
    bounds = list(statistics.histogram_bounds or []) if statistics else []
    sequence, place = _placing(subject, maker, target, codes)
    count = len(codes)
    at_common, at_bounds = place(common), place(bounds)
    if ranked and len(at_common) and np.isnan(at_common).all():
        at_common, frequencies = at_common[:0], frequencies[:0]
    chosen = _apart(at_common, count)
    frequencies = frequencies[: len(chosen)] if len(chosen) < len(frequencies) else frequencies
    present = max(1.0, subject.rows * (1 - subject.null))
    several = min(float(count), drawn_from(float(np.clip(share * count, 1, present)), present))
    if clustered and not common:
        several = float(count)
    known = np.sort(at_bounds[~np.isnan(at_bounds)])
    if len(known) < 2 or known[0] == known[-1]:
        known = np.array([0, count])
    else:
        # the last bound is a value too
        known = np.concatenate([known[:-1], [known[-1] + 1]])
    distribution = make(chosen, frequencies, known.astype("i8"), distinct=several, present=1 - subject.null, unit=1)
    return distribution, sequence


def _placing(
    subject: Subject, maker: Maker, target: Source, codes: Array
) -> tuple[Array, Callable[[list[str]], Array]]:
    """The parents in the order of their values, and a function from literals to places in it (NaN: unknown)."""
    if isinstance(target, Numbers | Serial):
        sequence = np.argsort(codes, kind="stable")
        values = codes[sequence]

        def near(literals: list[str]) -> Array:
            found = None
            if literals:
                found = maker.known(subject.attribute, literals) or maker.known(subject.attribute, literals, near=True)
            if found is None or len(found[0]) != len(literals):
                return np.full(len(literals), np.nan)
            wanted = maker.moved(subject.attribute, found[0])
            scale = getattr(target, "scale", 0) - found[1]
            wanted = wanted * 10**scale if scale > 0 else wanted // 10**-scale
            if isinstance(target, Serial) and target.production is not None:
                places = np.floor(target.production.below(wanted) * len(values))
            else:
                places = np.searchsorted(values, wanted).astype("f8")
            return np.asarray(np.minimum(places, len(values) - 1))

        return sequence, near
    if isinstance(target, Pooled) and target.pool.literals is not None:
        literals_of = target.pool.literals
        sequence = np.array(sorted(range(len(codes)), key=lambda row: literals_of[codes[row]].encode()), "i8")
        # char(n) is padded in one of the tables, perhaps
        where = {literals_of[codes[row]].rstrip(" "): at for at, row in reversed(list(enumerate(sequence)))}
        return sequence, lambda literals: np.array([where.get(text.rstrip(" "), np.nan) for text in literals], "f8")
    return np.argsort(codes, kind="stable"), lambda literals: np.full(len(literals), np.nan)


def _apart(wanted: Array, count: int) -> Array:
    """Each common value has a parent of its own: the one wanted, or the nearest that is still free."""
    taken: set[int] = set()
    chosen = []
    for at, place in enumerate(wanted[:count]):
        start = int(place) if not np.isnan(place) else int((at * 2_654_435_761) % count)
        for distance in range(count):
            near = next(
                (one for one in (start + distance, start - distance) if 0 <= one < count and one not in taken), None
            )
            if near is not None:
                taken.add(near)
                chosen.append(near)
                break
    return np.array(chosen, "i8")


def runs(weights: Array, groups: int, rows: int, chance: np.random.Generator) -> Array:
    """How many rows each of up to `groups` groups has, where a counter runs within it.

    `weights`: rows that have the counter's first, second, … value. A group with at least k rows has the k-th value, so
    the shares of the values are the fan-out. The sum is `rows`.
    """
    falling = np.minimum.accumulate(np.maximum(weights, 1e-12))
    used = int(np.clip(round(rows * falling[0] / falling.sum()), 1, groups))
    sizes = (
        (chance.random(used)[:, None] < (falling / falling[0])[None, :]).sum(axis=1)
        if used * len(falling) < 5e7
        else None
    )
    if sizes is None:
        share = falling / falling[0]
        sizes = len(share) - np.searchsorted(share[::-1], chance.random(used), side="left")
    sizes = np.maximum(1, sizes)
    while (gap := rows - int(sizes.sum())) != 0:
        able = np.arange(used) if gap > 0 else np.flatnonzero(sizes > 1)
        if not len(able):
            return sizes[:rows]
        picked = chance.choice(able, size=min(abs(gap), len(able)), replace=False)
        sizes[picked] += 1 if gap > 0 else -1
    return np.asarray(sizes)


def apart(
    arrays: Sequence[Array],
    redraw: Callable[[Array, np.random.Generator], Array],
    widest: int,
    chance: np.random.Generator,
    grows: bool = False,
    fills: bool = True,
    others: Mapping[int, Array] | None = None,
) -> list[Array]:
    """Arrays of which no two rows are alike: those that are get another value in the `widest` of them.

    `grows`: that column may get values that nobody has. `fills`: all columns may be changed; else some rows may stay.
    `others`: by position, all values that a column could have: of a reference every parent, though statistics say that
    only some have children (ANALYZE counts too few where rows of one parent lie together).

    Raises Contradiction where that does not end.
    """
    columns = [array.copy() for array in arrays]
    for _ in range(60):
        again = repeated(columns)
        if not len(again):
            return columns
        columns[widest][again] = redraw(again, chance)
    left = repeated(columns)
    if len(left) and fills:
        columns = _filled(columns, left, widest if grows else None, others or {})
    return columns


def repeated(columns: Sequence[Array]) -> Array:
    """Rows that are like an earlier one."""
    key = joint(columns)
    sequence = np.argsort(key, kind="stable")
    alike = np.concatenate([[False], key[sequence][1:] == key[sequence][:-1]])
    return np.sort(sequence[alike])


def joint(columns: Sequence[Array]) -> Array:
    """One number for each combination."""
    joint = np.zeros(len(columns[0]), "i8")
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        if int(joint.max(initial=0) + 1) * len(values) >= 2**62:
            joint = np.unique(joint, return_inverse=True)[1].astype("i8")
        joint = joint * len(values) + place
    return joint


def _filled(columns: list[Array], rows: Array, grows: int | None, others: Mapping[int, Array]) -> list[Array]:
    """The last repeated rows get combinations that nobody has; column `grows` may get values beyond its greatest."""
    values = [np.unique(column) for column in columns]
    for at, known in others.items():
        if float(np.prod([float(len(entry)) for entry in values])) < len(columns[0]):
            values[at] = np.union1d(values[at], known)
    if grows is not None and len(columns[0]):
        rest = int(np.prod([float(len(entry)) for at, entry in enumerate(values) if at != grows]))
        missing = -(-len(columns[0]) // max(1, rest)) - len(values[grows])
        if missing > 0:
            values[grows] = np.concatenate([values[grows], values[grows][-1] + np.arange(1, missing + 1)])
    total = int(np.prod([float(len(entry)) for entry in values]))
    if total < len(columns[0]):
        raise Contradiction(f"{len(columns[0]):,} rows need as many combinations, and there are {total:,}")
    if total > 20_000_000:
        raise Contradiction(f"{len(rows):,} of {len(columns[0]):,} rows still repeat a combination")
    joint = np.zeros(len(columns[0]), "i8")
    for column, entry in zip(columns, values, strict=True):
        joint = joint * len(entry) + np.searchsorted(entry, column)
    free = np.setdiff1d(np.arange(total), joint)[: len(rows)]
    for at in range(len(columns) - 1, -1, -1):
        free, place = np.divmod(free, len(values[at]))
        columns[at][rows] = values[at][place]
    return columns
