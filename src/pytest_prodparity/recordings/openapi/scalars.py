"""The parts of a schema that look at one value only: type, enum, bounds, pattern, format."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar, TypeGuard

from .document import Place
from .formats import INTEGERS, TEXTS
from .notes import Path, Walk

Test = Callable[[Any, Walk, Path], None]

_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object", type(None): "null"}  # fmt: skip
_KNOWN = frozenset(_NAMES.values())
_INTEGER = re.compile(r"-?\d+$", re.ASCII)
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$", re.ASCII)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,29}$", re.ASCII)
_LONGEST = 4096
"""Characters; on a longer text a vendor's pattern might take for ever."""


def type_name(value: Any) -> str:
    """In the words of JSON Schema; a whole float is an integer."""
    if type(value) is float and value.is_integer():
        return "integer"
    return _NAMES.get(type(value), "string")


class OfType:
    """The test of `type`, one or several."""

    __slots__ = ("_fitting", "_nullable", "_place", "_types", "exact")

    SCALARS: ClassVar[frozenset[type]] = frozenset({bool, int, float, str, type(None)})

    def __init__(self, place: Place, types: list[str], *, nullable: bool) -> None:
        self._place = place
        self._types = types
        self._fitting = {*types, "integer"} if "number" in types else set(types)
        self._nullable = nullable
        self.exact = _exact(frozenset(self._fitting))
        """Python's types of the values that fit, of those that hold nothing."""

    @classmethod
    def of(cls, place: Place) -> OfType | None:
        """None where everything fits, as with Swagger 2's `file`; Kubernetes' `int-or-string` is no string alone."""
        said = place.mapping().get("type")
        if place.mapping().get("format") == "int-or-string":
            return None
        types = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        if not types or not all(isinstance(one, str) and one in _KNOWN for one in types):
            return None
        values = place.mapping().get("enum")
        return cls(place, types, nullable=isinstance(values, list) and None in values)

    def __call__(self, value: Any, walk: Walk, path: Path) -> None:
        """Note it where it does not fit."""
        if type(value) in self.exact:
            return
        name = type_name(value)
        if name in self._fitting or (value is None and self._nullable):
            return
        if walk.text and (type(value) is not str or _stands(value, self._fitting)):
            return
        told = f"is {name}, documented: {' or '.join(self._types)}"
        walk.note("null" if value is None else "type", path, told, value, self._place)


@cache
def _exact(names: frozenset[str]) -> frozenset[type]:
    return frozenset(kind for kind, name in _NAMES.items() if name in names) & OfType.SCALARS


_ASIDE = frozenset({"description", "title", "example", "examples", "default", "deprecated", "readOnly", "writeOnly", "nullable"})  # fmt: skip
_SCALAR_NAMES = frozenset({"string", "integer", "number", "boolean", "null"})


def glance(node: Any) -> tuple[frozenset[type], int]:
    """Most fields ask for a type and perhaps a length, and most values have them: no tests need be made to see that.
    Python's types of the values that fit whatever they are, and the characters that a text may have (-1: look closer)."""
    if type(node) is not dict:
        return frozenset(), -1
    said = node.get("type")
    types = [said] if isinstance(said, str) else said if isinstance(said, list) else ()
    if not types or not all(isinstance(one, str) and one in _SCALAR_NAMES for one in types):
        return frozenset(), -1
    more = node.keys() - _ASIDE
    fitting = frozenset(types) | ({"null"} if node.get("nullable") is True else set())
    fitting |= {"integer"} if "number" in fitting else set()
    if len(more) == 1:
        return _exact(fitting), -1
    most = node.get("maxLength")
    if len(more) == 2 and isinstance(most, int) and "string" in fitting:
        return _exact(fitting - {"string"}), most
    return frozenset(), -1


def _stands(value: str, types: set[str]) -> bool:
    """A text of a URL or form, for a value of one of the types; the empty text stands for none, one for a list of it."""
    return (
        not value
        or "array" in types
        or ("integer" in types and _INTEGER.match(value) is not None)
        or ("number" in types and _NUMBER.match(value) is not None)
        or ("boolean" in types and value.lower() in ("true", "false", "0", "1"))
        or ("null" in types and value == "null")
    )


_KEYWORDS = ("const", "enum", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format")  # fmt: skip


def scalar_tests(place: Place) -> list[Test]:
    """All that look at one value, of those the schema has."""
    if place.mapping().keys().isdisjoint(_KEYWORDS):
        return []
    makers = (_values, _lengths, _pattern, _bounds, _format)
    return [test for make in makers if (test := make(place)) is not None]


def _values(place: Place) -> Test | None:
    node = place.mapping()
    said = [node["const"]] if "const" in node else node.get("enum")
    if not isinstance(said, list) or not said:
        return None
    typed = "type" in node
    texts = {str(one).lower() if isinstance(one, bool) else str(one) for one in said}

    def test(value: Any, walk: Walk, path: Path) -> None:
        if value is None and "null" in texts:
            return
        if any(value == one and isinstance(value, bool) is isinstance(one, bool) for one in said):
            return
        if walk.text and (not isinstance(value, str) or value in texts or value == ""):
            return
        if typed and not walk.text and type_name(value) not in {type_name(one) for one in said}:
            return  # `type` says so
        shown = repr(value) if isinstance(value, str) and _WORD.match(value) else f"a {type_name(value)}"
        documented = ", ".join(repr(one) for one in said[:6]) + (", …" if len(said) > 6 else "")
        walk.note("null" if value is None else "value", path, f"is {shown}, documented: {documented}", value, place)

    return test


def _lengths(place: Place) -> Test | None:
    least, most = place.mapping().get("minLength"), place.mapping().get("maxLength")
    if not isinstance(least, int) and not isinstance(most, int):
        return None

    def test(value: Any, walk: Walk, path: Path) -> None:
        if type(value) is not str or (walk.text and not value):
            return
        if isinstance(least, int) and len(value) < least:
            walk.note("limit", path, f"has {len(value)} characters, documented: at least {least}", value, place)
        if isinstance(most, int) and len(value) > most:
            walk.note("limit", path, f"has {len(value)} characters, documented: at most {most}", value, place)

    return test


_SLASHED = re.compile(r"/.*/[a-z]*$", re.DOTALL)
_NESTED = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")


def compiled(said: str) -> re.Pattern[str] | None:
    """None for what only JavaScript has (`/…/i` among it), and for a repetition of a repetition, which may take for ever."""
    if _NESTED.search(said) or _SLASHED.match(said):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of `[[`, which means what it means here
            return re.compile(said)
    except (re.error, OverflowError, RecursionError):
        return None


def _pattern(place: Place) -> Test | None:
    said = place.mapping().get("pattern")
    if not isinstance(said, str):
        return None
    pattern = compiled(said)
    if pattern is None:
        return None

    def test(value: Any, walk: Walk, path: Path) -> None:
        if type(value) is str and value and len(value) <= _LONGEST and not pattern.search(value):
            walk.note("limit", path, f"does not match the documented pattern {said}", value, place)

    return test


def _bounds(place: Place) -> Test | None:
    """3.0 and Swagger 2 say `exclusiveMinimum: true` beside `minimum`; 3.1 says the bound itself."""
    node = place.mapping()
    tests: list[tuple[Callable[[float], bool], str]] = []
    for name, exclusive, word in (
        ("minimum", "exclusiveMinimum", "at least"),
        ("maximum", "exclusiveMaximum", "at most"),
    ):
        sign = 1 if name == "minimum" else -1
        bound, strict = node.get(name), node.get(exclusive)
        if _is_number(strict):
            tests.append((_bound(strict, sign, strict=True), f"{'more' if sign > 0 else 'less'} than {strict}"))
        if _is_number(bound):
            more = f"{'more' if sign > 0 else 'less'} than {bound}" if strict is True else f"{word} {bound}"
            tests.append((_bound(bound, sign, strict=strict is True), more))
    if not tests:
        return None

    def test(value: Any, walk: Walk, path: Path) -> None:
        number = value
        if walk.text and isinstance(value, str) and _NUMBER.match(value):
            number = float(value)
        if not _is_number(number):
            return
        for holds, documented in tests:
            if not holds(number):
                walk.note("limit", path, f"is out of bounds, documented: {documented}", value, place)

    return test


def _bound(bound: float, sign: int, *, strict: bool) -> Callable[[float], bool]:
    if strict:
        return lambda value: (value - bound) * sign > 0
    return lambda value: (value - bound) * sign >= 0


def _is_number(said: object) -> TypeGuard[float]:
    return isinstance(said, int | float) and not isinstance(said, bool)


def _format(place: Place) -> Test | None:
    said = place.mapping().get("format")
    holds, span = TEXTS.get(str(said)), INTEGERS.get(str(said))

    def text(value: Any, walk: Walk, path: Path) -> None:
        # The empty text stands for none in too many APIs; in a URL `+02:00` is read as a blank and two digits.
        if type(value) is str and value and holds is not None and not holds(value):
            if walk.text and holds(value.replace(" ", "+")):
                return
            walk.note("limit", path, f"is not of the documented format {said}", value, place)

    def integer(value: Any, walk: Walk, path: Path) -> None:
        if type(value) is int and span is not None and not span[0] <= value <= span[1]:
            walk.note("limit", path, f"does not fit into the documented {said}", value, place)

    return text if holds is not None else integer if span is not None else None
