"""Expressions over a block of rows, with SQL's three truth values, by numpy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .expressions import (
    Both,
    Call,
    Case,
    Column,
    Constant,
    Either,
    IsNull,
    Node,
    Not,
    OneOf,
    Operation,
    Unreadable,
)
from .literals import DAY, Kind, literal
from .patterns import from_like, from_similar, to_python
from .values import Array, Values


@dataclass(slots=True)
class Got:
    """The value of an expression for each row."""

    kind: Kind
    data: Array
    nulls: Array
    scale: int | None = 0
    """Of numbers held as integers: digits after the point; None: floating point."""

    def numbers(self) -> Array:
        """As floating point; dates in days, times in microseconds."""
        plain = self.data.astype("f8")
        return plain if not self.scale else plain / 10.0**self.scale


class _Rows:
    """The block with its length."""

    def __init__(self, block: Mapping[str, Values]) -> None:
        self.block = block
        self.count = len(next(iter(block.values()))) if block else 0

    def constant(self, kind: Kind, value: object, dtype: str | None = None, scale: int | None = 0) -> Got:
        data = np.empty(self.count, dtype or np.array(value).dtype)
        data[:] = value
        return Got(kind, data, np.zeros(self.count, "?"), scale)

    def null(self) -> Got:
        return Got("null", np.zeros(self.count, "i8"), np.ones(self.count, "?"))


def evaluate(node: Node, block: Mapping[str, Values]) -> Got:
    """Raises Unreadable where we do not know what PostgreSQL would say."""
    return _value(node, _Rows(block))


def false(node: Node, block: Mapping[str, Values]) -> Array:
    """Rows in which it is FALSE: the ones that a CHECK refuses."""
    got = _value(node, _Rows(block))
    if got.kind == "null":
        return np.zeros(len(got.data), "?")
    if got.kind != "truth":
        raise Unreadable("not a truth value")
    return ~got.data & ~got.nulls


def true(node: Node, block: Mapping[str, Values]) -> Array:
    """Rows in which it is TRUE."""
    got = _value(node, _Rows(block))
    return got.data.astype("?") & ~got.nulls


def _value(node: Node, rows: _Rows) -> Got:
    match node:
        case Column():
            return _column(node.name, rows)
        case Constant():
            return _constant(node, rows)
        case IsNull():
            return Got("truth", _value(node.of, rows).nulls.copy(), np.zeros(rows.count, "?"))
        case Not():
            got = _truth(node.of, rows)
            return Got("truth", ~got.data, got.nulls)
        case Both() | Either():
            return _joined(node, rows)
        case OneOf():
            return _one_of(node, rows)
        case Operation():
            return _operation(node, rows)
        case Case():
            return _case(node, rows)
        case Call():
            return _call(node, rows)


def _truth(node: Node, rows: _Rows) -> Got:
    got = _value(node, rows)
    if got.kind == "null":
        return Got("truth", np.zeros(rows.count, "?"), got.nulls)
    if got.kind != "truth":
        raise Unreadable("not a truth value")
    return got


_FORMS: dict[str, Kind] = {
    "bool": "truth", "int2": "number", "int4": "number", "int8": "number", "float4": "number", "float8": "number",
    "numeric": "number", "date": "date", "time": "time", "timestamp": "stamp",
}  # fmt: skip


def _column(name: str, rows: _Rows) -> Got:
    values = rows.block.get(name)
    if values is None:
        raise Unreadable(f"no column {name}")
    nulls = np.zeros(len(values), "?") if values.nulls is None else values.nulls
    if values.form == "text":
        return Got("text", text_array(values), nulls)
    if values.form == "uuid":
        return Got("uuid", np.ascontiguousarray(values.data).view("V16").reshape(-1), nulls)
    if values.form == "pool":
        if values.pool is None or values.pool.literals is None:
            raise Unreadable("a pool without literals")
        texts = np.array([one.encode() for one in values.pool.literals] or [b""], dtype="S")
        return Got("symbol", texts[np.where(nulls, 0, values.data)], nulls)
    scale = None if values.form.startswith("float") else values.scale
    data = values.data.astype("i8") if values.form in ("int2", "int4", "date") else values.data
    if values.form == "float4":
        data = data.astype("f8")
    return Got(_FORMS[values.form], data, nulls, scale)


def text_array(values: Values) -> Array:
    """A text column as an array of byte strings."""
    assert values.lengths is not None
    inside = np.arange(values.data.shape[1])[None, :] < values.lengths[:, None]
    padded = np.ascontiguousarray(np.where(inside, values.data, 0).astype("u1"))
    return padded.view(f"S{padded.shape[1]}").reshape(-1)


def _constant(node: Constant, rows: _Rows) -> Got:
    if node.text is None:
        return rows.null()
    kind, value, scale = literal(node)
    return rows.constant(kind, value, "S" + str(max(1, len(value))) if isinstance(value, bytes) else None, scale)


@lru_cache(maxsize=1024)
def _joined(node: Both | Either, rows: _Rows) -> Got:
    decisive = isinstance(node, Either)  # the value that settles it
    decided, unknown = np.zeros(rows.count, "?"), np.zeros(rows.count, "?")
    for part in node.parts:
        got = _truth(part, rows)
        decided |= (got.data == decisive) & ~got.nulls
        unknown |= got.nulls
    return Got("truth", decided if decisive else ~decided, unknown & ~decided)


def _one_of(node: OneOf, rows: _Rows) -> Got:
    subject = _value(node.of, rows)
    found = np.zeros(rows.count, "?")
    for constant in node.values:
        if constant.text is not None:
            found |= _same(subject, _constant(constant, rows))
    unknown = subject.nulls | (~found & any(constant.text is None for constant in node.values))
    return Got("truth", found, unknown)


def _same(left: Got, right: Got) -> Array:
    left, right = _alike(left, right)
    return np.asarray(left.data == right.data)


def _alike(left: Got, right: Got) -> tuple[Got, Got]:
    """Both of one kind and one scale."""
    if "null" in (left.kind, right.kind):
        width = len(left.data)
        zero = np.zeros(width, "i8")
        return Got("number", zero, left.nulls), Got("number", zero, right.nulls)
    if {left.kind, right.kind} == {"date", "stamp"}:
        return _stamp(left), _stamp(right)
    if {left.kind, right.kind} <= {"text", "symbol"}:
        return left, right
    if left.kind != right.kind:
        raise Unreadable(f"{left.kind} and {right.kind}")
    if left.kind == "number" and left.scale != right.scale:
        if left.scale is None or right.scale is None:
            return _float(left), _float(right)
        scale = max(left.scale, right.scale)
        if any(_largest(one) * 10.0 ** (scale - (one.scale or 0)) >= 2**63 for one in (left, right)):
            return _float(left), _float(right)
        return _scaled(left, scale), _scaled(right, scale)
    return left, right


def _stamp(got: Got) -> Got:
    return got if got.kind == "stamp" else Got("stamp", got.data.astype("i8") * DAY, got.nulls)


def _largest(got: Got) -> float:
    return float(np.abs(got.data.astype("f8")).max(initial=0))


def _float(got: Got) -> Got:
    return Got(got.kind, got.numbers(), got.nulls, None)


def _scaled(got: Got, scale: int) -> Got:
    assert got.scale is not None
    return Got(got.kind, got.data.astype("i8") * 10 ** (scale - got.scale), got.nulls, scale)


ORDER: dict[str, Callable[[Array, Array], Array]] = {
    "=": np.equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def _operation(node: Operation, rows: _Rows) -> Got:
    operator = node.operator
    if operator in ("~", "~*", "~~", "~~*"):
        return _matched(node, rows)
    left, right = _value(node.left, rows), _value(node.right, rows)
    nulls = left.nulls | right.nulls
    if operator == "is distinct":
        return Got("truth", (left.nulls != right.nulls) | (~nulls & ~_same(left, right)), np.zeros(rows.count, "?"))
    if operator in ORDER:
        if operator != "=" and {"symbol", "uuid"} & {left.kind, right.kind}:
            raise Unreadable("the order of a type that is not ours")
        left, right = _alike(left, right)
        return Got("truth", ORDER[operator](left.data, right.data), nulls)
    if operator == "||":
        if {left.kind, right.kind} != {"text"}:
            raise Unreadable("|| of what is not text")
        return Got("text", np.char.add(left.data, right.data), nulls)
    return _arithmetic(operator, left, right, nulls)


def _arithmetic(operator: str, left: Got, right: Got, nulls: Array) -> Got:
    if "null" in (left.kind, right.kind):
        return Got("null", left.data, nulls)
    if left.kind != "number" or right.kind != "number":
        return _moved(operator, left, right, nulls)
    if operator in "+-":
        left, right = _alike(left, right)
        return Got("number", left.data + right.data if operator == "+" else left.data - right.data, nulls, left.scale)
    if operator == "*":
        if left.scale is None or right.scale is None or left.scale + right.scale > 9:
            return Got("number", left.numbers() * right.numbers(), nulls, None)
        return Got("number", left.data.astype("i8") * right.data.astype("i8"), nulls, left.scale + right.scale)
    if bool(np.any((right.data == 0) & ~right.nulls)):
        raise Unreadable("division by zero")
    if operator == "%":
        left, right = _alike(left, right)
        return Got("number", np.fmod(left.data, np.where(right.data == 0, 1, right.data)), nulls, left.scale)
    if operator == "/":
        raise Unreadable("a division, which is whole for integers")
    raise Unreadable(f"the operator {operator}")


def _moved(operator: str, left: Got, right: Got, nulls: Array) -> Got:
    """Dates and times, moved or subtracted."""
    kinds = left.kind, right.kind
    if operator == "-" and kinds == ("date", "date"):
        return Got("number", left.data - right.data, nulls)
    if operator == "-" and set(kinds) <= {"date", "stamp"}:
        return Got("span", _stamp(left).data - _stamp(right).data, nulls)
    if operator == "-" and kinds == ("time", "time"):
        return Got("span", left.data - right.data, nulls)
    if operator in "+-" and left.kind == "date" and right.kind == "number" and right.scale == 0:
        return Got("date", left.data + right.data * (1 if operator == "+" else -1), nulls)
    if operator in "+-" and left.kind in ("date", "stamp", "span") and right.kind == "span":
        kind: Kind = "span" if left.kind == "span" else "stamp"
        start = left.data if left.kind == "span" else _stamp(left).data
        return Got(kind, start + right.data * (1 if operator == "+" else -1), nulls)
    raise Unreadable(f"{left.kind} {operator} {right.kind}")


def _matched(node: Operation, rows: _Rows) -> Got:
    subject = _value(node.left, rows)
    if subject.kind not in ("text", "null"):
        raise Unreadable("a pattern for what is not text")
    matches = compiled(node.operator, node.right)
    texts, at = np.unique(subject.data, return_inverse=True) if len(subject.data) > 10_000 else (subject.data, None)
    found = np.fromiter((matches(text) for text in texts.tolist()), "?", len(texts))
    return Got("truth", found if at is None else found[at], subject.nulls)


@lru_cache(maxsize=256)
def compiled(operator: str, pattern: Node) -> Callable[[bytes], bool]:
    """Does a text match?"""
    expression = pattern_text(operator, pattern)
    try:
        search = re.compile(to_python(expression), re.IGNORECASE if operator.endswith("*") else 0).search
    except re.error as cause:
        raise Unreadable(f"the pattern {expression!r}") from cause
    return lambda text: search(text.decode("utf-8", "replace")) is not None


def pattern_text(operator: str, pattern: Node) -> str:
    """LIKE's, SIMILAR TO's and ~'s patterns as one regular expression."""
    match pattern:
        case Call("similar_to_escape" | "similar_escape", (Constant(str() as text), *_)):
            return from_similar(text)
        case Call("cast text", (inner,)):
            return pattern_text(operator, inner)
        case Constant(str() as text):
            return from_like(text) if operator.startswith("~~") else text
    raise Unreadable("a pattern that is not a constant")


def _case(node: Case, rows: _Rows) -> Got:
    pending = np.ones(rows.count, "?")
    parts: list[tuple[Array, Got]] = []
    for condition, value in node.branches:
        got = _truth(condition, rows)
        here = pending & got.data & ~got.nulls
        parts.append((here, _value(value, rows)))
        pending &= ~here
    known = [got for _, got in parts if got.kind != "null"]
    if not known:
        return rows.null()
    result = rows.constant(known[0].kind, known[0].data[:1] if rows.count else 0, str(known[0].data.dtype))
    result.nulls[:] = True
    result.scale = known[0].scale
    for here, got in parts:
        if got.kind == "null":
            continue
        if (got.kind, got.scale) != (result.kind, result.scale):
            raise Unreadable("CASE of several kinds")
        if got.data.dtype.itemsize > result.data.dtype.itemsize:
            result.data = result.data.astype(got.data.dtype)
        result.data[here], result.nulls[here] = got.data[here], got.nulls[here]
    return result


def _call(node: Call, rows: _Rows) -> Got:
    known = _FUNCTIONS.get(node.name)
    if known is None:
        raise Unreadable(f"the function {node.name}")
    return known(node, rows)


def _text_of(node: Call, rows: _Rows) -> Got:
    got = _value(node.arguments[0], rows)
    if got.kind not in ("text", "null"):
        raise Unreadable(f"{node.name} of what is not text")
    return got if got.kind == "text" else Got("text", np.zeros(rows.count, "S1"), got.nulls)


def _length(node: Call, rows: _Rows) -> Got:
    got = _text_of(node, rows)
    if node.name == "octet_length" or not len(got.data):
        return Got("number", np.char.str_len(got.data).astype("i8"), got.nulls)
    matrix = np.ascontiguousarray(got.data).view("u1").reshape(len(got.data), -1)
    return Got("number", ((matrix != 0) & ((matrix & 0xC0) != 0x80)).sum(axis=1).astype("i8"), got.nulls)


_UNKNOWN = b"\xff"
"""No text ends so."""


def _changed(change: Callable[[Array], Array], *, letters: bool = False) -> Callable[[Call, _Rows], Got]:
    def function(node: Call, rows: _Rows) -> Got:
        if len(node.arguments) != 1:
            raise Unreadable(f"{node.name} with {len(node.arguments)} arguments")
        got = _text_of(node, rows)
        changed = change(got.data)
        beyond = np.char.str_len(got.data) != _length(node, rows).data
        if letters and beyond.any():
            # what becomes of them is the server's collation's to say: never equal to anything
            changed = np.where(beyond, np.char.add(changed, _UNKNOWN), changed)
        return Got("text", changed, got.nulls)

    return function


def _coalesce(node: Call, rows: _Rows) -> Got:
    return _case(Case(tuple((Not(IsNull(one)), one) for one in node.arguments)), rows)


def _absolute(node: Call, rows: _Rows) -> Got:
    got = _value(node.arguments[0], rows)
    if got.kind != "number":
        raise Unreadable("abs")
    return Got("number", np.abs(got.data), got.nulls, got.scale)


def _counted(node: Call, rows: _Rows) -> Got:
    nulls = np.sum([_value(one, rows).nulls for one in node.arguments], axis=0).astype("i8")
    return Got("number", nulls if node.name == "num_nulls" else len(node.arguments) - nulls, np.zeros(rows.count, "?"))


def _extract(node: Call, rows: _Rows) -> Got:
    field, got = node.arguments[0], _value(node.arguments[1], rows)
    if not isinstance(field, Constant) or got.kind not in ("date", "stamp"):
        raise Unreadable(node.name)
    days = got.data if got.kind == "date" else got.data // DAY
    at = np.datetime64("2000-01-01", "D") + days.astype("i8")
    months = at.astype("M8[M]").astype("i8")
    parts: dict[str | None, Callable[[], Array]] = {
        "year": lambda: at.astype("M8[Y]").astype("i8") + 1970,
        "month": lambda: months % 12 + 1,
        "quarter": lambda: months % 12 // 3 + 1,
        "day": lambda: (at - at.astype("M8[M]")).astype("i8") + 1,
        "dow": lambda: (days.astype("i8") + 6) % 7,
        "isodow": lambda: (days.astype("i8") + 5) % 7 + 1,
        "hour": lambda: got.data % DAY // 3_600_000_000 if got.kind == "stamp" else days * 0,
    }
    if field.text not in parts:
        raise Unreadable(f"extract({field.text})")
    return Got("number", parts[field.text](), got.nulls)


def _to_date(node: Call, rows: _Rows) -> Got:
    got = _value(node.arguments[0], rows)
    if got.kind not in ("date", "stamp"):
        raise Unreadable(node.name)
    return got if got.kind == "date" else Got("date", got.data // DAY, got.nulls)


def _to_stamp(node: Call, rows: _Rows) -> Got:
    got = _value(node.arguments[0], rows)
    if got.kind not in ("date", "stamp"):
        raise Unreadable(node.name)
    return _stamp(got)


def _to_text(node: Call, rows: _Rows) -> Got:
    got = _value(node.arguments[0], rows)
    if got.kind not in ("text", "symbol"):
        raise Unreadable("the text form of what is not text")
    return Got("text", got.data, got.nulls)


def _to_number(node: Call, rows: _Rows) -> Got:
    got = _value(node.arguments[0], rows)
    whole = node.name in ("cast integer", "cast bigint", "cast smallint")
    if got.kind != "number" or (whole and got.scale != 0):
        raise Unreadable(node.name)
    return got


_FUNCTIONS: dict[str, Callable[[Call, _Rows], Got]] = {
    **dict.fromkeys(("length", "char_length", "character_length", "octet_length"), _length),
    "lower": _changed(np.char.lower, letters=True),
    "upper": _changed(np.char.upper, letters=True),
    "btrim": _changed(lambda data: np.char.strip(data, b" ")),
    "rtrim": _changed(lambda data: np.char.rstrip(data, b" ")),
    "ltrim": _changed(lambda data: np.char.lstrip(data, b" ")),
    "coalesce": _coalesce,
    "abs": _absolute,
    **dict.fromkeys(("num_nulls", "num_nonnulls"), _counted),
    **dict.fromkeys(("extract", "date_part"), _extract),
    "cast date": _to_date,
    **dict.fromkeys(("cast timestamp", "cast timestamp without time zone", "cast timestamp with time zone"), _to_stamp),
    **dict.fromkeys(("cast text", "cast character varying", "cast character", "cast bpchar"), _to_text),
    **dict.fromkeys(
        ("cast integer", "cast bigint", "cast smallint", "cast numeric", "cast double precision", "cast real"),
        _to_number,
    ),
}
"""What is not here is evaluated by a server."""

KNOWN = {*_FUNCTIONS, "similar_to_escape", "similar_escape"}
