"""A column's statistics -> where its values come from."""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

import numpy as np

from ..profile.model import ColumnStatistics, Profile
from . import odd
from .catalog import Attribute, Reader
from .checks import rule
from .distribution import Distribution, make
from .sources import Numbers, Pooled, Source, Uuids
from .subject import Subject
from .values import Array, Pool
from .wording import source_of

DAY = 86_400_000_000
RECENT_DAYS = 366
"""Times that end so shortly before the capture, or before the latest of all, are on one axis, which ends now."""
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


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
            return source_of(subject, unique=unique)
        if form == "pool":
            return self._listed(subject, unique=unique)
        found = self._numbers(subject)
        return found if found is not None else self._listed(subject)

    # numbers and times

    def known(self, attribute: Attribute, literals: list[str], *, near: bool = False) -> tuple[Array, int] | None:
        """Literals as the numbers that stand for them, and their scale; None where they are too large.

        `near`: then with a smaller scale, or a negative one, whose digits fit.
        """
        if attribute.form != "numeric":
            return self._reader.numbers(attribute, literals), 0
        values = [value for value in map(_decimal, literals) if value is not None]
        scale = _scale(attribute, values)
        if near and values:
            scale = min(scale, 17 - max(value.adjusted() for value in values))
        lifted = [int(value.scaleb(scale).to_integral_value()) for value in values]
        if any(abs(entry) >= 2**62 for entry in lifted):
            return None
        return np.array(lifted, "i8"), scale

    def _numbers(self, subject: Subject) -> Numbers | None:
        statistics, attribute = subject.statistics, subject.attribute
        common = list(statistics.most_common_vals or []) if statistics else []
        frequencies = np.array(statistics.most_common_freqs or [] if statistics else [], "f8")
        bounds = list(statistics.histogram_bounds or []) if statistics else []
        extremes = list(subject.ends or [])
        if attribute.form == "numeric":
            # NaN and infinite ones go, with their share
            kept = np.array([_decimal(text) is not None for text in common], "?")
            common, frequencies = [one for one in common if _decimal(one) is not None], frequencies[kept]
            bounds, extremes = ([one for one in texts if _decimal(one) is not None] for texts in (bounds, extremes))
        if not common and not bounds:
            return self._unknown(subject)
        literals = [*common, *bounds, *extremes]
        found = self.known(attribute, literals) or self.known(attribute, literals, near=True)
        if found is None:
            return None
        values, scale = found
        if attribute.form == "numeric" and scale < _scale(attribute, [Decimal(text) for text in literals]):
            subject.note("its numbers are rounded to 18 digits")
        if len(values) != len(literals):
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
        # numpy's absolute value of the least integer, -infinity, is negative
        return np.where(_finite(attribute, values), values + self.days * unit, values)

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
            listed = set(literals)
            more = [one for one in more or [] if one not in listed]
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
    step, width = 1_000_000 if form in ("time", "timestamp") else 1, high - low
    least = most = None
    if known.low is not None and known.low[0] == kind and abs(known.low[1]) < 1e17:
        least = math.ceil(known.low[1] * factor) + step * known.low_open
    if known.high is not None and known.high[0] == kind and abs(known.high[1]) < 1e17:
        # a range ends before `high`
        most = math.floor(known.high[1] * factor) + step * (not known.high_open)
    if least is not None and low < least:
        low, high = least, high if high > least + 1 else least + width
    if most is not None and high > most:
        elsewhere = max(most - width, least) if least is not None else most - width
        low, high = elsewhere if low >= most else low, most
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


def _scale(attribute: Attribute, values: list[Decimal]) -> int:
    """Digits after the point of a numeric's values."""
    if attribute.scale is not None:
        return max(0, attribute.scale)
    return min(9, max((max(0, -int(value.as_tuple().exponent)) for value in values), default=2))


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
