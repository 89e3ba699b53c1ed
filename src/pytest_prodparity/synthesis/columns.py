"""A column's statistics -> where its values come from."""

from __future__ import annotations

import contextlib
import hashlib
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

import numpy as np

from ..profile.model import ColumnStatistics, Profile, Table
from . import odd
from .catalog import Attribute, Reader
from .checks import Check, failing, matching, rule
from .distribution import Distribution, drawn_from, make
from .expressions import Unreadable
from .meaning import meaning, plain, texter
from .sentences import sentences
from .sources import Made, Mixture, Numbers, Pooled, Source, Uuids
from .text import Pattern, Shape, Texter, alphabets_of, combinations, shape_of
from .values import CHUNK, Array, Pool, Values, text_values

LISTED = 20_000
"""Up to so many texts are listed rather than made."""
POOLED = 500_000
"""Up to so many are made once and taken from there, where each is used twice or more."""
LIKE = {"email": "@", "url": "://"}
"""What texts are about, and what then stands in them: they are made as such, though they do not look alike."""
DAY = 86_400_000_000
RECENT_DAYS = 366
"""Times that end so shortly before the capture, or before the latest of all, are on one axis, which ends now."""
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Subject:
    """One column that is to be made."""

    table: Table
    attribute: Attribute
    statistics: ColumnStatistics | None
    rows: int
    """That the table gets."""
    ends: list[str] | None = None
    notes: list[str] = field(default_factory=list)
    checks: tuple[Check, ...] = ()
    """Of the table and of the column's domain."""
    wanted: Sequence[str] = ()
    """Of a key: values that other tables are known to refer to."""
    spare: int = 0
    """Of a key: values besides those of the rows, for what refers to rows that are gone."""

    @property
    def salt(self) -> int:
        """A number of its own for this column."""
        name = f"{self.table.full_name}\x1f{self.attribute.name}"
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")

    @property
    def null(self) -> float:
        """The share of NULLs."""
        if self.attribute.not_null or self.statistics is None:
            return 0.0
        return self.statistics.null_frac

    @property
    def distinct(self) -> float:
        """How many distinct values it has at its new size."""
        found = self.statistics.n_distinct if self.statistics else 0.0
        present = max(1.0, self.rows * (1 - self.null))
        if found < 0:
            return max(1.0, min(present, -found * self.rows))
        return min(present, found) if found else present

    @property
    def levels(self) -> float:
        """From how many values to draw, so that as many as `distinct` are found."""
        # a single block has its fair share of every value
        present = self.rows * (1 - self.null)
        fair = self.rows <= CHUNK and self.distinct < 0.8 * present
        return self.distinct if fair else drawn_from(self.distinct, present)

    def note(self, text: str) -> None:
        """Something that was approximated."""
        self.notes.append(f"{self.table.full_name}.{self.attribute.name}: {text}")


_CONSTANT = re.compile(
    r"""(?:'(?P<quoted>(?:[^']|'')*)'|(?P<plain>-?[\d.]+|true|false))(?:::[\w ."\[\]]+(?:\([\d, ]+\))?)?"""
)


def _usual(subject: Subject) -> ColumnStatistics | None:
    """Where production's statistics show no value (a table of one row, or never analysed): the column's constant default."""
    known = subject.statistics
    if known is not None and (
        known.most_common_vals or known.histogram_bounds or subject.distinct > 1 or known.null_frac == 1
    ):
        return None
    column = next((one for one in subject.table.columns if one.name == subject.attribute.name), None)
    found = _CONSTANT.fullmatch(column.default) if column is not None and column.default else None
    if found is None:
        return None
    value = found["plain"] if found["quoted"] is None else found["quoted"].replace("''", "'")
    return ColumnStatistics(
        null_frac=subject.null, avg_width=known.avg_width if known else 0, n_distinct=1,
        most_common_vals=[value], most_common_freqs=[1 - subject.null],
    )  # fmt: skip


class Maker:
    """Makes sources; asks the server for the binary form of values."""

    def __init__(self, reader: Reader, profile: Profile, *, now: datetime) -> None:
        self._reader = reader
        self._now = now
        captured = datetime.fromisoformat(profile.captured_at)
        captured = captured if captured.tzinfo else captured.replace(tzinfo=UTC)
        self._last = _last(profile, captured)
        self.days = max(0, (now - self._last).days)
        """By how much the time axis is moved."""

    def source(self, subject: Subject, *, unique: bool = False) -> Source:
        """For one column; `unique`: one that makes `rows` different values from the codes 0 … rows - 1, where it can."""
        form = subject.attribute.form
        usual = None if unique and subject.rows > 1 else _usual(subject)
        if usual is not None and all(self._reader.binary(subject.attribute, usual.most_common_vals or [])):
            subject = replace(subject, statistics=usual)
        if form == "uuid":
            return Uuids(size=max(1, round(subject.rows if unique else min(subject.levels, 2e9))), salt=subject.salt)
        if form == "text":
            return self._text(subject, unique=unique)
        if form == "pool":
            return self._listed(subject, unique=unique)
        found = self._numbers(subject)
        return found if found is not None else self._listed(subject)

    # numbers and times

    def known(self, attribute: Attribute, literals: list[str]) -> tuple[Array, int] | None:
        """Literals as the numbers that stand for them, and their scale; None where they are too large."""
        if attribute.form != "numeric":
            return self._reader.numbers(attribute, literals), 0
        values = [value for value in map(_decimal, literals) if value is not None]
        scale = attribute.scale
        if scale is None:
            scale = min(9, max((max(0, -int(value.as_tuple().exponent)) for value in values), default=2))
        scale = max(0, scale)
        lifted = [int(value.scaleb(scale).to_integral_value()) for value in values]
        if any(abs(entry) >= 2**62 for entry in lifted):
            return None
        return np.array(lifted, "i8"), scale

    def _numbers(self, subject: Subject) -> Numbers | None:
        statistics, attribute = subject.statistics, subject.attribute
        common = list(statistics.most_common_vals or []) if statistics else []
        frequencies = np.array(statistics.most_common_freqs or [] if statistics else [], "f8")
        bounds = list(statistics.histogram_bounds or []) if statistics else []
        if not common and not bounds:
            return self._unknown(subject)
        found = self.known(attribute, [*common, *bounds, *(subject.ends or [])])
        if found is None:
            return None
        values, scale = found
        if len(values) != len(common) + len(bounds) + len(subject.ends or []):
            return None
        if subject.table.bound is None:
            # A partition's times stay within it.
            values = self.moved(attribute, values)
        first, middle = values[: len(common)], values[len(common) : len(common) + len(bounds)]
        middle, (first, frequencies) = self._finite(attribute, middle), _finite_pairs(attribute, first, frequencies)
        ends = self._finite(attribute, values[len(common) + len(bounds) :])
        if len(middle) and len(ends) == 2:
            middle = np.concatenate([[min(middle[0], ends[0])], middle[1:-1], [max(middle[-1], ends[1])]])
        if not len(first) and not len(middle):
            return self._unknown(subject)
        distribution = make(first, frequencies, middle, distinct=subject.levels, present=1 - subject.null)
        return Numbers(form=attribute.form, distribution=distribution, scale=scale)

    def moved(self, attribute: Attribute, values: Array) -> Array:
        """Times that end with the others, or later, by the days that have passed since; a column of old times stays."""
        if attribute.form not in ("date", "timestamp") or not self.days or not len(values):
            return values
        unit = 1 if attribute.form == "date" else DAY
        last = (self._last - EPOCH).days
        finite = self._finite(attribute, values)
        if not len(finite) or int(finite.max()) // unit < last - RECENT_DAYS:
            return values
        inside = np.abs(values) < _FAR[attribute.form]
        return np.where(inside, values + self.days * unit, values)

    def _finite(self, attribute: Attribute, values: Array) -> Array:
        return values[_finite(attribute, values)]

    def _unknown(self, subject: Subject) -> Numbers:
        """No value is known: what such a column usually holds."""
        attribute, distinct = subject.attribute, max(1.0, subject.levels)
        scale = 0
        if attribute.form == "bool":
            low, high = 0, 2
        elif attribute.form == "date":
            high = (self._now - EPOCH).days
            low = high - 3 * 365
        elif attribute.form == "time":
            low, high = 0, DAY
        elif attribute.form == "timestamp":
            high = (self._now - EPOCH).days * DAY
            low = high - 3 * 365 * DAY
        elif attribute.form == "numeric":
            scale = max(0, attribute.scale if attribute.scale is not None else 2)
            whole = max(0, min(4, (attribute.precision or 18) - scale))
            low, high = 0, 10 ** (whole + scale)
        else:
            top = 32_767 if attribute.form == "int2" else 2**31 - 1 if attribute.form == "int4" else 2**53
            low, high = 1, min(top, max(1000, math.ceil(distinct)))
        low, high = _allowed(subject, low, high, scale)
        kind = "f8" if attribute.form.startswith("float") else "i8"
        unit = 0.01 if kind == "f8" else 1_000_000 if attribute.form in ("time", "timestamp") else 1
        distribution = Distribution(
            low=np.array([low], kind),
            width=np.array([high - low], kind),
            levels=np.array([min(distinct, max(1, (high - low) / (unit or 1)))]),
            mass=np.ones(1),
            unit=unit,
        )
        return Numbers(form=attribute.form, distribution=distribution, scale=scale)

    # listed values

    def _listed(self, subject: Subject, *, unique: bool = False) -> Source:
        statistics, attribute = subject.statistics, subject.attribute
        if not attribute.receives:
            return self._guessed(subject)
        common = list(statistics.most_common_vals or []) if statistics else []
        frequencies = list(statistics.most_common_freqs or []) if statistics else []
        bounds = list(statistics.histogram_bounds or []) if statistics else []
        rest = max(0.0, 1 - subject.null - sum(frequencies))
        literals, weights = list(common), list(frequencies)
        if bounds:
            literals += bounds
            weights += [rest / len(bounds)] * len(bounds)
        if unique or (not bounds and (not common or rest > 0.02)):
            more = odd.literals(
                attribute,
                2 * subject.rows if unique else min(1000, max(1, round(subject.distinct - len(common)))),
                subject.salt,
            )
            if more is None and not literals:
                return self._guessed(subject)
            if attribute.base == "bytea" and statistics and statistics.avg_width > 1:
                more = odd.bytes_of(statistics.avg_width - 1, len(more or []), subject.salt)
            more = [one for one in more or [] if one not in set(literals)]
            literals += more
            weights += [max(rest, 1e-6) / max(1, len(more))] * len(more)
            if not attribute.labels and more:
                subject.note(f"no values of {attribute.declared} are known: made up")
        binary = self._reader.binary(attribute, literals)
        good = [at for at, entry in enumerate(binary) if entry is not None]
        if not good:
            raise odd.Unknown(attribute)
        if attribute.labels:
            good.sort(key=lambda at: attribute.labels.index(literals[at]))
        pool = Pool([entry for at in good if (entry := binary[at]) is not None], [literals[at] for at in good])
        return Pooled(pool=pool, weights=np.array([max(weights[at], 1e-12) for at in good]))

    def literals(self, attribute: Attribute, texts: list[str]) -> list[bytes]:
        """Their binary forms; fewer where the server does not take all."""
        return [entry for entry in self._reader.binary(attribute, texts) if entry is not None]

    def _guessed(self, subject: Subject) -> Source:
        """A type that nobody here knows: the plainest values that the server takes for it; else NULL."""
        attribute = subject.attribute
        binary = self._reader.binary(attribute, odd.GUESSES) if attribute.receives else []
        good = [at for at, entry in enumerate(binary) if entry is not None]
        if good:
            subject.note(
                f"no values of {attribute.declared} are known: {', '.join(odd.GUESSES[at] for at in good[:3])}"
            )
            pool = Pool([entry for entry in binary if entry is not None], [odd.GUESSES[at] for at in good])
            return Pooled(pool=pool, weights=np.ones(len(good)))
        if attribute.not_null:
            raise odd.Unknown(attribute)
        subject.note(f"no values of {attribute.declared} are known: NULL")
        return Pooled(pool=Pool([b""], [""]), weights=np.ones(1), nothing=True)

    # texts

    def _text(self, subject: Subject, *, unique: bool) -> Source:
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
            others_allowed = [text for text in allowed if text not in common]
            share = max(rest, 1e-6) / max(1, len(others_allowed))
            return _pooled([*common, *others_allowed], [*frequencies, *[share] * len(others_allowed)])
        # bounds and spelled texts may coincide
        made = self._made(subject, bounds, max(1, others + len(bounds)), unique=unique)
        if unique and subject.rows <= LISTED:
            return self._listed_once(subject, bounds, made)
        if unique:
            return Made(texter=made, size=max(1, others))
        if others <= LISTED:
            # bounds are values too; one that comes twice among them is frequent
            times = Counter(bounds)
            spelled = self.spelled(made, max(1, others), attribute)
            listed = dict.fromkeys(text for text in [*times, *spelled] if text not in set(common))
            texts = list(listed)[: max(1, others)] or ["?"]
            each = _shares(max(rest, 1e-6), [times.get(text, 1) for text in texts], len(bounds))
            return _pooled([*common, *texts], [*frequencies, *each])
        if others <= min(POOLED, subject.rows / 2):
            known = [text for text in dict.fromkeys(bounds) if text not in set(common)]
            each = [max(rest, 1e-6) / others] * len(known)
            left = max(rest - sum(each), 1e-6)
            return self._pool(made, max(1, others - len(known)), [*common, *known], [*frequencies, *each], left)
        if not common:
            return Made(texter=made, size=others)
        return Mixture(
            common=_pooled(common, frequencies),
            share=sum(frequencies) / max(1e-9, 1 - subject.null),
            others=Made(texter=made, size=others),
        )

    def _pool(self, made: Texter, size: int, common: list[str], frequencies: list[float], rest: float) -> Pooled:
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

    def _listed_once(self, subject: Subject, bounds: list[str], made: Texter) -> Pooled:
        """As many different texts as rows, among them those that are known."""
        padded = subject.attribute.base == "bpchar"
        limit = subject.attribute.limit
        wanted = [text for text in subject.wanted if limit is None or len(text.rstrip(" ")) <= limit]
        found = dict.fromkeys(text.rstrip(" ") if padded else text for text in [*wanted, *bounds])
        size = subject.rows + subject.spare
        found.update(dict.fromkeys(self.spelled(made, size + len(found), subject.attribute)))
        texts = list(found)[:size]
        return _pooled(texts, [1.0] * len(texts))

    def spelled(self, made: Texter, size: int, attribute: Attribute) -> list[str]:
        """All the texts of a texter."""
        values = made.make(np.arange(size))
        assert values.lengths is not None
        raw = [bytes(row[:length]) for row, length in zip(values.data, values.lengths, strict=True)]
        limit = attribute.limit
        return list(dict.fromkeys(entry.decode()[:limit] for entry in raw))

    def _made(self, subject: Subject, bounds: list[str], size: int, *, unique: bool) -> Texter:
        """Texts that look like the bounds, or like what the name says; and that hold the column's own checks."""
        made, name = self._looking(subject, bounds, size, unique=unique), subject.attribute.name
        own = [check for check in subject.checks if check.columns == {name}]
        try:
            if any(failing({name: made.make(np.arange(min(size, 64)))}, check).any() for check in own):
                return matching(own, name, size=size, limit=subject.attribute.limit, salt=subject.salt) or made
        except Unreadable:
            return made
        return made

    def _looking(self, subject: Subject, bounds: list[str], size: int, *, unique: bool) -> Texter:
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
            made = sentences(
                bounds, size=size, width=width - 1, limit=attribute.limit, salt=subject.salt, unique=unique
            )
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


def _last(profile: Profile, captured: datetime) -> datetime:
    """Where production's time axis ends: its latest time before the capture; the capture, where that is long ago."""
    latest = captured - timedelta(days=RECENT_DAYS)
    tomorrow = captured.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    found = None
    for table in profile.tables:
        for column in table.columns:
            if not column.type.startswith(("date", "timestamp")) or "[" in column.type:
                continue
            statistics = column.statistics or column.inherited_statistics
            known = [*table.ends.get(column.name, ())[-1:], *((statistics and statistics.histogram_bounds) or ())[-1:]]
            for text in known:
                with contextlib.suppress(ValueError):
                    moment = datetime.fromisoformat(text)
                    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                    if latest <= moment <= max(captured, tomorrow):
                        found = latest = moment
    return found or captured


_KINDS = {"date": "date", "timestamp": "stamp", "time": "time"}


def _allowed(subject: Subject, low: int, high: int, scale: int) -> tuple[int, int]:
    """The range as far as the column's own CHECKs let it be; about as wide, where they let it be elsewhere only."""
    known, form = rule(subject.checks, subject.attribute.name), subject.attribute.form
    kind, factor = _KINDS.get(form, "number"), 10**scale if form == "numeric" else 1
    step = 1_000_000 if form in ("time", "timestamp") else 1
    least = most = None
    if known.low is not None and known.low[0] == kind and abs(known.low[1]) < 1e17:
        least = math.ceil(known.low[1] * factor) + step * known.low_open
    if known.high is not None and known.high[0] == kind and abs(known.high[1]) < 1e17:
        # a range ends before `high`
        most = math.floor(known.high[1] * factor) + step * (not known.high_open)
    width = high - low
    if least is not None and low < least:
        low, high = least, max(high, least + width if least + 1 >= high else high)
    if most is not None and high > most:
        low, high = (
            (max(most - width, least) if least is not None else min(low, most - width)) if low >= most else low,
            most,
        )
    return low, max(high, low + 1)


_FAR = {"date": 2**31 - 2, "timestamp": 2**63 - 2}


def _finite(attribute: Attribute, values: Array) -> Array:
    if attribute.form in _FAR:
        return np.asarray(np.abs(values.astype("f8")) < _FAR[attribute.form] * 0.99)
    return np.isfinite(values) if values.dtype.kind == "f" else np.ones(len(values), "?")


def _finite_pairs(attribute: Attribute, values: Array, frequencies: Array) -> tuple[Array, Array]:
    """Common values may be infinite: only a histogram cannot reckon with that."""
    if attribute.form.startswith("float"):
        keep = _finite(attribute, values)
        return values[keep], frequencies[keep]
    return values, frequencies


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


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
