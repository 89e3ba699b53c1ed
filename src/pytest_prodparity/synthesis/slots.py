"""Periods that must not overlap: EXCLUDE USING gist, and keys WITHOUT OVERLAPS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from .columns import Maker
from .distribution import Distribution
from .sources import Numbers, Pooled
from .subject import Subject
from .values import Array, Pool

_ELEMENT = re.compile(r"^(?P<what>.*?)\s+WITH\s+(?P<operator>=|&&)$", re.DOTALL)
_RANGE = re.compile(
    r"""^(?:daterange|tsrange|tstzrange|int4range|int8range|numrange)\(\s*(?P<low>"[^"]+"|\w+)\s*,\s*
    (?:COALESCE\(\s*)?(?P<high>"[^"]+"|\w+)""",
    re.VERBOSE,
)
_START = date(2015, 1, 1)
_DAYS = 3650
"""Periods lie within so many days, as long as there are not more of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """Rows with the same `equal` must not overlap in `period`: a range column, or two columns of its ends."""

    equal: tuple[str, ...]
    period: tuple[str, ...]


def read(definition: str) -> Exclusion | None:
    """Of a definition as PostgreSQL prints it; None for one about anything else."""
    found = re.match(r"EXCLUDE USING \w+ \(", definition)
    if found is None:
        return None
    equal, period = [], []
    for element in _split(definition[found.end() :]):
        match = _ELEMENT.match(element)
        if match is None:
            return None
        inner = _RANGE.match(match["what"])
        if match["operator"] == "=" and inner is None:
            equal.append(_plain(match["what"]))
        elif inner is not None and match["operator"] == "&&":
            period += [_plain(inner["low"]), _plain(inner["high"])]
        elif match["operator"] == "&&":
            period.append(_plain(match["what"].split(" ")[0] if not match["what"].startswith('"') else match["what"]))
    return Exclusion(equal=tuple(equal), period=tuple(period)) if period else None


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _split(text: str) -> list[str]:
    """Elements of a list, up to the parenthesis that closes it."""
    depth, start, quoted = 0, 0, ""
    found: list[str] = []
    for at, sign in enumerate(text):
        if quoted or sign in "'\"":
            quoted = "" if sign == quoted else quoted or sign
        elif sign == "(":
            depth += 1
        elif sign == ")":
            if depth == 0:
                return [*found, text[start:at].strip()]
            depth -= 1
        elif sign == "," and depth == 0:
            found.append(text[start:at].strip())
            start = at + 1
    return found


def within(group: Array) -> Array:
    """The how-manieth row of its group each row is."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(group) else np.zeros(0, "?")
    starts = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    ranks = np.empty(len(group), "i8")
    ranks[order] = np.arange(len(group)) - starts
    return ranks


def periods(subjects: Sequence[Subject], count: int, maker: Maker) -> dict[str, Pooled | Numbers] | None:
    """`count` periods in a row, as a range column, as one of another type, or as the columns of their ends."""
    step = max(2, _DAYS // max(1, count))
    if len(subjects) == 2:
        if any(one.attribute.form not in ("date", "timestamp", "int4", "int8") for one in subjects):
            return None
        unit = 86_400_000_000 if subjects[0].attribute.form == "timestamp" else 1
        first, last, length = _usual(subjects, maker) or (
            5479 * unit, 5479 * unit + step * count * unit, unit // 3 if unit > 1 else step - 1,
        )  # fmt: skip
        # one after the other, within production's time as long as there is room
        each = max((last - first) // max(1, count), length + max(1, unit // 24))
        low = np.arange(count) * each + first
        return {one.attribute.name: _numbers(one, low + at * length) for at, one in enumerate(subjects)}
    subject = subjects[0]
    texts = [text for at in range(count) if (text := _literal(subject.attribute.base, at, step)) is not None]
    binary = maker.literals(subject.attribute, texts) if len(texts) == count else []
    if len(binary) < count:
        return None
    return {subject.attribute.name: Pooled(pool=Pool(binary, texts), weights=np.ones(count))}


def _usual(subjects: Sequence[Subject], maker: Maker) -> tuple[int, int, int] | None:
    """When production's periods begin first and end last, and how long they are."""
    ends = []
    for one in subjects:
        source = maker.source(one)
        known = one.statistics and (one.statistics.histogram_bounds or one.statistics.most_common_vals)
        if not isinstance(source, Numbers) or not known:
            return None
        ends.append(source.distribution.at((np.arange(200) + 0.5) / 200).astype("i8"))
    length = int(np.median(ends[1] - ends[0]))
    return (int(ends[0].min()), int(ends[1].max()), length) if length > 0 else None


def _numbers(subject: Subject, values: Array) -> Numbers:
    zeros = np.zeros(len(values), "i8")
    return Numbers(
        form=subject.attribute.form,
        distribution=Distribution(low=values.astype("i8"), width=zeros, levels=zeros + 1.0, mass=zeros + 1.0),
    )


def _literal(base: str, at: int, step: int) -> str | None:
    try:
        day = _START + timedelta(days=at * step)
        end = day + timedelta(days=step - 1)
    except OverflowError:
        return None
    if base == "daterange":
        return f"[{day},{end})"
    if base in ("tsrange", "tstzrange"):
        moment = datetime(day.year, day.month, day.day, 8)  # noqa: DTZ001  # text for the server
        return (
            f"[{moment}+00,{moment + timedelta(hours=9)}+00)"
            if base == "tstzrange"
            else f"[{moment},{moment + timedelta(hours=9)})"
        )
    if base in ("int4range", "int8range", "numrange"):
        return f"[{at * 10},{at * 10 + 9})"
    if base in ("inet", "cidr"):
        return f"{10 + (at >> 16)}.{at >> 8 & 255}.{at & 255}.0/24" if at < 5_000_000 else None
    if base == "box":
        return f"({at * 2 + 1},1),({at * 2},0)"
    return None
