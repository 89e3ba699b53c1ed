"""A strategy for the values of one column: production's, and what its type and its checks allow besides."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..profile.model import ColumnStatistics
from ..synthesis import checks as reading
from ..synthesis import odd
from ..synthesis.catalog import Attribute
from ..synthesis.expressions import Unreadable
from ..synthesis.patterns import to_python
from .types import Type, value

Values = SearchStrategy[Any]

LONG = 5000
"""Characters of a very long text where the type has no limit; repeated, so that an index takes it."""
KNOWN = 40
"""Of a column's values in the profile, at most so many."""
ODD_TEXTS = (
    "", " ", "0", "007", "00000", "null", "NULL", "O'Brien", 'say "hi"', "back\\slash", "50%", "a_b", "<b>&amp;</b>",
    "'; DROP TABLE x; --", "e\u0301le\u0300ve", "Z\u0351\u0343a\u0335\u0321", "مرحبا", "שלום עולם", "\u202eabc", "日本語", "ß", "İ",
    "😀", "👩‍👩‍👧‍👦", "🇩🇪", "\u200b", "\ufeffbom", " padded ", "line\nfeed", "tab\t", "-1", "1e309", "{}", "{{x}}", "${x}",
)  # fmt: skip
_WHOLE = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
_FIRST_DAY, _LAST_DAY = date(1, 1, 2), date(9999, 12, 30)
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001  # a timestamp without time zone


_DOCUMENTS = ["{}", "[]", "null", "0", '""', '{"a": [1, null, "\\u00e9\\ud83d\\ude00"]}']
_VALUES: tuple[object, ...] = ("", 0, True, [], {})
_KINDS = {
    "object": ["{}", '{"a": null}'], "array": ["[]", "[0]"], "string": ['""', '"a"'], "number": ["0", "1.5"],
    "boolean": ["false", "true"],
}  # fmt: skip
"""Documents of each kind, by what jsonb_typeof calls it."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is known of a column."""

    name: str
    type: Type
    statistics: ColumnStatistics | None = None
    ends: Sequence[str] = ()
    rule: reading.Rule
    utf8: bool = True
    spoken: Sequence[str] = ()
    """CHECKs about the column that nobody here can evaluate."""

    @property
    def nullable(self) -> bool:
        """As far as type and checks say."""
        return self.rule.null and not self.type.not_null

    @property
    def null_percent(self) -> int:
        """How often to draw NULL: production's share, at least now and then."""
        share = self.statistics.null_frac if self.statistics else 0.1
        return min(95, max(5, round(share * 100)))

    def known(self) -> list[Any]:
        """Values that production has, as the profile knows them, the most common ones first."""
        found = self.statistics
        if found is None:
            return []
        bounds = found.histogram_bounds or []
        some = bounds[:: max(1, len(bounds) // (KNOWN // 2))]
        texts = [*(found.most_common_vals or [])[: KNOWN // 2], *some, *self.ends]
        values = [value(self.type, text) for text in dict.fromkeys(texts)]
        return [one for one in values if one is not None and self._allowed(one)]

    def values(self) -> Values:
        """Never NULL."""
        if self.type.labels and not self.type.array:
            labels = [one for one in self.type.labels if self.rule.values is None or one in self.rule.values]
            return st.sampled_from(labels or list(self.type.labels))
        if self.rule.values is not None:
            listed = [value(self.type, text) for text in self.rule.values]
            found = [one for one in listed if one is not None]
            if found:
                return st.sampled_from(found)
        anything = self._anything()
        known = self.known()
        if not known:
            return anything
        common = st.sampled_from(known)
        return st.one_of(anything, common, *self._between(known))

    def beyond(self) -> Values:
        """For a key: values that production's own keys do not meet; those of a volume neither."""
        if self.type.base in _WHOLE and not self.type.array and self.rule.values is None:
            numbers = [one for one in self.known() if isinstance(one, int)]
            low, high = self._whole()
            start = max([low - 1, *numbers]) + 1 if numbers else max(low, 1)
            if start < high:
                return st.integers(start, high)
        return self._anything() if self.rule.values is None else self.values()

    # by type

    def _anything(self) -> Values:
        kind = self.type
        if kind.array:
            return self._arrays()
        if kind.base in _WHOLE:
            low, high = self._whole()
            return st.one_of(
                st.integers(low, high),
                st.sampled_from(sorted({_near(0, low, high), _near(1, low, high), low, high}, key=abs)),
            )
        if kind.base in ("float4", "float8"):
            return self._floats()
        if kind.base == "numeric":
            return self._decimals()
        if kind.base in ("text", "varchar", "bpchar", "name", "citext"):
            return self._texts()
        simple = self._simple()
        if simple is not None:
            return simple
        return self._listed()

    def _simple(self) -> Values | None:
        match self.type.base:
            case "bool":
                return st.booleans()
            case "uuid":
                return st.uuids()
            case "bytea":
                return st.binary(max_size=64)
            case "interval":
                return st.timedeltas(timedelta(days=-36500), timedelta(days=36500))
            case "time":
                return st.times()
            case "date":
                low, high = self._range("date", 1)
                return st.dates(max(_FIRST_DAY, low.date()), min(_LAST_DAY, high.date()))
            case "timestamp" | "timestamptz":
                low, high = self._range("stamp", 1e-6 / 86400)
                zone = st.just(UTC) if self.type.base == "timestamptz" else st.none()
                return st.datetimes(low, high, timezones=cast("Any", zone))
            case "json" | "jsonb":
                return st.sampled_from(self._documents() or _DOCUMENTS)
            case _:
                return None

    def _documents(self) -> list[str]:
        """Of the kind and with the keys that the CHECKs speak of."""
        literals = [one for text in self.spoken for one in re.findall(r"'((?:[^']|'')*)'", text)]
        keys = [one for one in dict.fromkeys(literals) if one and one not in _KINDS]
        found = [one for kind in _KINDS if kind in literals for one in _KINDS[kind]]
        if "{}" in found and keys:
            found = [json.dumps(dict.fromkeys(keys, value)) for value in _VALUES]
        return found

    def _whole(self) -> tuple[int, int]:
        edge = _WHOLE[self.type.base]
        low, high = -edge, edge - 1
        if self.rule.low and self.rule.low[0] == "number":
            low = max(low, int(self.rule.low[1] // 1) + (self.rule.low_open or self.rule.low[1] % 1 > 0))
        if self.rule.high and self.rule.high[0] == "number":
            high = min(high, int(-(-self.rule.high[1] // 1)) - (self.rule.high_open or self.rule.high[1] % 1 > 0))
        return (low, high) if low <= high else (low, low)

    def _floats(self) -> Values:
        width = 32 if self.type.base == "float4" else 64
        most = 3.0e38 if width == 32 else None
        low = self.rule.low[1] if self.rule.low else None
        high = self.rule.high[1] if self.rule.high else None
        found = st.floats(allow_nan=False, allow_infinity=False, width=cast("Any", width))
        if low is not None or high is not None:
            top = high if high is not None else (most or 1e308)
            bottom = low if low is not None else -(most or 1e308)
            found = st.floats(bottom, top, allow_nan=False, allow_infinity=False)
            if width == 32:
                found = found.map(_single).filter(lambda one: bottom <= one <= top)
        return found.filter(self._allowed)

    def _decimals(self) -> Values:
        scale = 4 if self.type.scale is None else self.type.scale
        digits = self.type.size if self.type.size is not None else 18
        edge = (
            Decimal(10) ** (digits - scale) - Decimal(10) ** -scale
            if scale >= 0
            else Decimal(10) ** (digits - scale - 1)
        )
        step = Decimal(10) ** -scale
        low = max(-edge, Decimal(str(self.rule.low[1]))) if self.rule.low else -edge
        high = min(edge, Decimal(str(self.rule.high[1]))) if self.rule.high else edge
        first = int((low / step).to_integral_value(rounding="ROUND_CEILING")) + (1 if self.rule.low_open else 0)
        last = int((high / step).to_integral_value(rounding="ROUND_FLOOR")) - (1 if self.rule.high_open else 0)
        last = max(first, last)
        near = sorted({_near(0, first, last), first, last}, key=abs)
        return st.one_of(st.integers(first, last), st.sampled_from(near)).map(lambda count: _places(count, scale))

    def _range(self, kind: str, unit: float) -> tuple[datetime, datetime]:
        """Naive, in UTC; `unit` in days."""
        low, high = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001  # st.datetimes wants naive bounds
        rule, open_low, open_high = self.rule, self.rule.low_open, self.rule.high_open
        scale = 1.0 if kind == "date" else 1 / 86_400_000_000
        for bound, opened, sign in ((rule.low, open_low, 1), (rule.high, open_high, -1)):
            if bound is None or bound[0] not in ("date", "stamp"):
                continue
            days = bound[1] * (scale if bound[0] == kind else 1.0 if bound[0] == "date" else 1 / 86_400_000_000)
            moved = timedelta(days=days) + sign * opened * max(timedelta(days=unit), timedelta(microseconds=1))
            at = _EPOCH + moved
            low, high = (max(low, at), high) if sign > 0 else (low, min(high, at))
        return low, max(low, high)

    def _texts(self) -> Values:
        limit = self.type.size or (63 if self.type.base == "name" else None)
        if limit is None and self.type.base == "bpchar" and self.type.written.startswith("character"):
            limit = 1
        longest = min((one for one in (limit, self.rule.longest) if one is not None), default=None)
        shortest = self.rule.shortest
        if longest is not None and longest < shortest:
            longest = shortest
        if self.rule.patterns:
            return self._matching(longest)
        alphabet = st.characters(codec="utf-8" if self.utf8 else "ascii", exclude_characters="\0")
        free = st.text(alphabet, min_size=shortest, max_size=min(longest or 60, max(60, shortest)))
        most = longest if longest is not None else max(LONG, shortest)
        odds = [text for text in ODD_TEXTS if shortest <= len(text) <= most and (self.utf8 or text.isascii())]
        odds += [("é" if self.utf8 else "e") * (most // 4 if self.type.base == "name" else most)]
        if self.type.base == "bpchar":
            free = free.map(lambda text: text.rstrip(" "))
        usable = [text for text in odds if self._allowed(text)]
        plain = st.text(string.ascii_lowercase, min_size=shortest, max_size=min(longest or 20, max(20, shortest)))
        return st.one_of(plain, free, st.sampled_from(usable)) if usable else st.one_of(plain, free)

    def _matching(self, longest: int | None) -> Values:
        """Texts of the patterns that a check asks for."""
        ways = []
        for pattern in self.rule.patterns:
            try:
                way = st.from_regex(
                    re.compile(to_python(pattern), re.ASCII),
                    alphabet=st.characters(codec="utf-8" if self.utf8 else "ascii", exclude_characters="\0"),
                )
            except (Unreadable, re.error):
                continue
            ways.append(way)
        odds = [text for text in ODD_TEXTS if longest is None or len(text) <= longest]
        if not ways:
            return st.one_of(st.text(string.ascii_lowercase, max_size=longest or 20), st.sampled_from(odds))
        found = st.one_of(ways)
        return found.filter(lambda text: (longest is None or len(text) <= longest) and len(text) >= self.rule.shortest)

    def _listed(self) -> Values:
        """Types that Python has no value for: literals."""
        base = self.type.base
        attribute = Attribute(
            name=self.name, declared=self.type.written, base=base, kind="b", category="U", oid=0,
            typmod=-1, not_null=False, generated=False, identity=False, builtin=True, domain=False,
        )  # fmt: skip
        if base in ("bit", "varbit"):
            size = self.type.size or 1
            return st.text("01", min_size=size if base == "bit" else 0, max_size=size)
        found = odd.literals(attribute, 12, 7) or self.known()
        if not found:
            raise Unfillable(f"{self.name} has type {self.type.written}, of which no value is known")
        return st.sampled_from(found)

    def _arrays(self) -> Values:
        inner = Cell(
            name=self.name, rule=reading.Rule(), utf8=self.utf8,
            type=Type(base=self.type.base, written=self.type.written.replace("[]", ""), size=self.type.size,
                      scale=self.type.scale, labels=self.type.labels),
        )  # fmt: skip
        if self.type.labels or self.type.checks or self.type.base not in _PLAIN:
            # the type of such a list is known to the server only
            shown = [one for one in self.known() if isinstance(one, str)]
            return st.sampled_from(
                ["{}", *(["{" + _quoted(self.type.labels[0]) + "}"] if self.type.labels else []), *shown]
            )
        return st.lists(inner.values(), max_size=3)

    def _between(self, known: Sequence[Any]) -> list[Values]:
        """Where production's histogram lies."""
        if not self.statistics or not self.statistics.histogram_bounds:
            return []
        first, last = min(known), max(known)
        match first:
            case bool():
                return []
            case int():
                return [st.integers(first, last).filter(self._allowed)]
            case float():
                return [
                    st.floats(first, last).map(_single if self.type.base == "float4" else float).filter(self._allowed)
                ]
            case Decimal():
                scale = min(6, max((max(0, -int(one.as_tuple().exponent)) for one in known), default=2))
                low, high = int(first.scaleb(scale)), int(last.scaleb(scale))
                return [st.integers(low, max(low, high)).map(lambda count: _places(count, scale)).filter(self._allowed)]
            case datetime():
                zone = st.just(UTC) if first.tzinfo else st.none()
                return [
                    st.datetimes(first.replace(tzinfo=None), last.replace(tzinfo=None), timezones=cast("Any", zone))
                ]
            case date():
                return [st.dates(first, last)]
            case _:
                return []

    def _allowed(self, one: Any) -> bool:
        """By the rule's own bounds; all the rest is asked of the whole row."""
        rule = self.rule
        if isinstance(one, str) and (rule.shortest or rule.longest is not None):
            return len(one) >= rule.shortest and (rule.longest is None or len(one) <= rule.longest)
        if isinstance(one, int | float | Decimal) and not isinstance(one, bool):
            low = rule.low is None or (one > rule.low[1] if rule.low_open else one >= rule.low[1])
            return low and (rule.high is None or (one < rule.high[1] if rule.high_open else one <= rule.high[1]))
        return True


class Unfillable(Exception):
    """No value can be drawn for this column."""


_PLAIN = {"text", "varchar", "int2", "int4", "int8", "float8", "numeric", "bool", "uuid", "date"}


def _near(wanted: int, low: int, high: int) -> int:
    return min(max(wanted, low), high)


def _places(count: int, scale: int) -> Decimal:
    return Decimal(count).scaleb(-scale) if scale else Decimal(count)


def _single(one: float) -> float:
    import struct

    return float(struct.unpack("f", struct.pack("f", one))[0])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
