"""A text column's statistics -> where its texts come from."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..profile.model import ColumnStatistics
from .catalog import Attribute
from .checks import failing, matching, rule
from .expressions import Unreadable
from .meaning import meaning, plain, texter
from .sentences import sentences
from .sources import Made, Mixture, Pooled, Source
from .subject import Subject
from .text import Pattern, Shape, Texter, alphabets_of, combinations, shape_of
from .values import Pool, Values, text_values

LISTED = 20_000
"""Up to so many texts are listed rather than made."""
POOLED = 500_000
"""Up to so many are made once and taken from there, where each is used twice or more."""
LIKE = {"email": "@", "url": "://"}
"""What texts are about, and what then stands in them: they are made as such, though they do not look alike."""


def source_of(subject: Subject, *, unique: bool) -> Source:
    """Known texts and their shares, and others like them, listed where they are few and made where they are many."""
    statistics, attribute = subject.statistics, subject.attribute
    common = list(statistics.most_common_vals or []) if statistics and not unique else []
    frequencies = list(statistics.most_common_freqs or []) if statistics and not unique else []
    bounds = list(statistics.histogram_bounds or []) if statistics else []
    rest = max(0.0, 1 - subject.null - sum(frequencies))
    others = subject.rows + subject.spare if unique else max(0, round(min(subject.levels, 2e9) - len(common)))
    if not unique and common and (rest < 0.005 or others == 0):
        return _pooled(common, frequencies)
    if bounds and not unique and others <= len(bounds) * 1.1:
        share = rest / len(bounds)
        return _pooled([*common, *bounds], [*frequencies, *[share] * len(bounds)])
    allowed = rule(subject.checks, attribute.name).values
    if allowed and not unique and not bounds:
        # known ones as often as they are, the others alike
        absent = [text for text in allowed if text not in common]
        return _pooled([*common, *absent], [*frequencies, *[max(rest, 1e-6) / max(1, len(absent))] * len(absent)])
    # bounds and spelled texts may coincide
    made = _made(subject, bounds, max(1, others + len(bounds)), unique=unique)
    if unique and subject.rows <= LISTED:
        return _listed_once(subject, bounds, made)
    if unique:
        return Made(texter=made, size=max(1, others))
    if others <= LISTED:
        # bounds are values too; one that comes twice among them is frequent
        times, usual = Counter(bounds), set(common)
        invented = spelled(made, max(1, others), attribute)
        listed = dict.fromkeys(text for text in [*times, *invented] if text not in usual)
        texts = list(listed)[: max(1, others)] or ["?"]
        each = _shares(max(rest, 1e-6), [times.get(text, 1) for text in texts], len(bounds))
        return _pooled([*common, *texts], [*frequencies, *each])
    if others <= min(POOLED, subject.rows / 2):
        usual = set(common)
        seen = [text for text in dict.fromkeys(bounds) if text not in usual]
        each = [max(rest, 1e-6) / others] * len(seen)
        left = max(rest - sum(each), 1e-6)
        return _pool(made, max(1, others - len(seen)), [*common, *seen], [*frequencies, *each], left)
    if not common:
        return Made(texter=made, size=others)
    return Mixture(
        common=_pooled(common, frequencies),
        share=sum(frequencies) / max(1e-9, 1 - subject.null),
        others=Made(texter=made, size=others),
    )


def _pool(made: Texter, size: int, common: list[str], frequencies: list[float], rest: float) -> Pooled:
    """All texts made once, and taken from there."""
    first, others = text_values(common), made.make(np.arange(size))
    assert first.lengths is not None
    assert others.lengths is not None
    width = max(first.data.shape[1], others.data.shape[1])
    data = np.zeros((len(common) + size, width), "u1")
    data[: len(common), : first.data.shape[1]] = first.data
    data[len(common) :, : others.data.shape[1]] = others.data
    texts = Values(form="text", data=data, lengths=np.concatenate([first.lengths, others.lengths]))
    weights = np.concatenate([np.array(frequencies, "f8"), np.full(size, max(rest, 1e-6) / size)])
    return Pooled(pool=Pool.of(texts), weights=weights)


def _listed_once(subject: Subject, bounds: list[str], made: Texter) -> Pooled:
    """As many different texts as rows, among them those that are known."""
    padded = subject.attribute.base == "bpchar"
    limit = subject.attribute.limit
    wanted = [text for text in subject.wanted if limit is None or len(text.rstrip(" ")) <= limit]
    found = dict.fromkeys(text.rstrip(" ") if padded else text for text in [*wanted, *bounds])
    size = subject.rows + subject.spare
    found.update(dict.fromkeys(spelled(made, size + len(found), subject.attribute)))
    texts = list(found)[:size]
    return _pooled(texts, [1.0] * len(texts))


def spelled(made: Texter, size: int, attribute: Attribute) -> list[str]:
    """All the texts of a texter."""
    values = made.make(np.arange(size))
    assert values.lengths is not None
    raw = [bytes(row[:length]) for row, length in zip(values.data, values.lengths, strict=True)]
    limit = attribute.limit
    return list(dict.fromkeys(entry.decode()[:limit] for entry in raw))


def _made(subject: Subject, bounds: list[str], size: int, *, unique: bool) -> Texter:
    """Texts that look like the bounds, or like what the name says; and that hold the column's own checks."""
    made, name = _looking(subject, bounds, size, unique=unique), subject.attribute.name
    own = [check for check in subject.checks if check.columns == {name}]
    try:
        if any(failing({name: made.make(np.arange(min(size, 64)))}, check).any() for check in own):
            return matching(own, name, size=size, limit=subject.attribute.limit, salt=subject.salt) or made
    except Unreadable:
        return made
    return made


def _looking(subject: Subject, bounds: list[str], size: int, *, unique: bool) -> Texter:
    attribute, statistics = subject.attribute, subject.statistics
    found = shape_of([text.rstrip(" ") for text in bounds] if attribute.base == "bpchar" else bounds)
    if found is not None:
        template, numbers = found
        room = 10 ** template.count("0") - min(numbers)
        if max(numbers) > min(numbers) and room >= size:
            step = max(1.0 if unique else 0.0, (max(numbers) - min(numbers)) / size)
            return Shape(template=template, low=min(numbers), step=min(step, room / size))
    alphabets = alphabets_of(bounds)
    if alphabets is not None and combinations(alphabets) >= size * 1.2:
        return Pattern(alphabets=alphabets, size=size)
    width = float(statistics.avg_width) if statistics and statistics.avg_width else None
    if width is not None and attribute.base == "bpchar":
        width = None if attribute.limit is None else attribute.limit + 1.0
    if bounds:
        width = _width(bounds, statistics)
        made = sentences(bounds, size=size, width=width - 1, limit=attribute.limit, salt=subject.salt, unique=unique)
        if made is not None:
            return made
        about = meaning(subject.table.name, attribute.name)
        if about in LIKE and any(LIKE[about] in text for text in bounds[:1]):
            return texter(about, size=size, width=width, limit=attribute.limit, unique=unique, salt=subject.salt)
        return plain(size=size, width=width, limit=attribute.limit, unique=unique, salt=subject.salt)
    return texter(
        meaning(subject.table.name, attribute.name), size=size, width=width, limit=attribute.limit, unique=unique,
        salt=subject.salt,
    )  # fmt: skip


def _width(bounds: list[str], statistics: ColumnStatistics | None) -> float:
    """Bytes of a value that is not common, on average, with its header: by the statistics; by the bounds where those differ widely.

    ANALYZE leaves very long values out of the bounds, and counts a value that is stored elsewhere as a few bytes.
    """
    mean = 1 + sum(len(text.encode()) for text in bounds) / len(bounds)
    if statistics is None:
        return mean
    common = zip(statistics.most_common_vals or [], statistics.most_common_freqs or [], strict=False)
    share, taken = 0.0, 0.0
    for text, frequency in common:
        share += frequency / max(1e-9, 1 - statistics.null_frac)
        taken += (len(text.encode()) + 1) * frequency / max(1e-9, 1 - statistics.null_frac)
    if share > 0.9:
        return mean
    known = (statistics.avg_width + 0.5 - taken) / (1 - share) - (3 if mean > 127 else 0)
    return known if 0.6 * mean < known < 1.6 * mean else mean


def _shares(rest: float, times: list[int], bounds: int) -> list[float]:
    """What each value has that is not common: those that come twice or more among the bounds have a bin a time."""
    frequent = [rest * (count - 1) / max(1, bounds - 1) for count in times]
    left = max(rest - sum(frequent), rest * 1e-3)
    return [more + left / len(times) for more in frequent]


def _pooled(texts: list[str], weights: list[float]) -> Pooled:
    """Sorted by their bytes, as our servers order texts."""
    merged: dict[str, float] = {}
    for text, weight in zip(texts, weights, strict=True):
        merged[text] = merged.get(text, 0.0) + weight
    pairs = sorted(merged.items(), key=lambda pair: pair[0].encode())
    return Pooled(
        pool=Pool([text.encode() for text, _ in pairs], [text for text, _ in pairs]),
        weights=np.maximum(np.array([weight for _, weight in pairs]), 1e-12),
    )
