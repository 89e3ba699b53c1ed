"""Literals for types that are neither numbers, times nor texts, where no value is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .catalog import Attribute
from .chance import mixed


class Unknown(Exception):
    """Nothing is known about values of this type."""

    def __init__(self, attribute: Attribute) -> None:
        super().__init__(attribute.declared)
        self.attribute = attribute


GUESSES = [
    "{}", "(,)", "(,,)", "(,,,)", "(,,,,)", "(,,,,,)", "()", "empty", "0", "1", "a", "$.a", "", "pg_class", "[1,2]", "(0)",
]  # fmt: skip
"""Tried, in the text form of a type that nobody here knows."""


def literals(attribute: Attribute, count: int, salt: int) -> list[str] | None:
    """Up to `count` different values in their text form; None for a type that nobody here knows."""
    if attribute.labels:
        return list(attribute.labels)
    numbers = [int(number) for number in mixed(np.arange(count), salt) >> np.uint64(1)]
    maker = _MAKERS.get(attribute.base) if attribute.builtin else None
    if maker is not None:
        return list(dict.fromkeys(maker(number) for number in numbers))
    if attribute.category == "A":
        inner = _element(attribute)
        if inner is not None:
            return list(
                dict.fromkeys(
                    "{" + ",".join(inner(number + at) for at in range(number % 4)) + "}" for number in numbers
                )
            )
    if attribute.base in ("citext", "ltree"):
        return list(dict.fromkeys(f"w{number % 1_000_000}" for number in numbers))
    return None


def bytes_of(width: int, count: int, salt: int) -> list[str]:
    """bytea of so many bytes."""
    width = min(width, 4096)
    blocks = [
        mixed(np.arange(count), salt + at).astype(">u8").view("u1").reshape(count, 8) for at in range(-(-width // 8))
    ]
    return ["\\x" + row.tobytes()[:width].hex() for row in np.concatenate(blocks, axis=1)] if count else []


def _element(attribute: Attribute) -> Callable[[int], str] | None:
    """An array's elements, quoted."""
    base = attribute.base.removeprefix("_") if attribute.builtin else ""
    if base in ("text", "varchar", "bpchar"):
        return lambda number: '"' + _WORDS[number % len(_WORDS)] + '"'
    maker = _MAKERS.get(base)
    if maker is None:
        return None
    return lambda number: '"' + maker(number).replace("\\", "\\\\").replace('"', '\\"') + '"'


_WORDS = ("red", "green", "blue", "large", "small", "new", "sale", "gift", "fragile", "eu", "us", "beta")


def _address(number: int) -> str:
    return f"10.{number % 256}.{number // 256 % 256}.{number // 65536 % 254 + 1}"


def _json(number: int) -> str:
    kind, word = _WORDS[number % len(_WORDS)], _WORDS[number // 12 % len(_WORDS)]
    return f'{{"id": {number % 1_000_000}, "kind": "{kind}", "tags": ["{word}"], "active": {"true" if number & 64 else "false"}, "note": null}}'


def _span(low: int, high: int) -> str:
    return f"[{low},{high})"


def _day(number: int) -> str:
    return str(np.datetime64("2020-01-01") + np.timedelta64(number % 1800, "D"))


_MAKERS: dict[str, Callable[[int], str]] = {
    "int2": lambda number: str(number % 1000),
    "int4": lambda number: str(number % 1_000_000),
    "int8": lambda number: str(number % 1_000_000),
    "numeric": lambda number: f"{number % 10_000}.{number // 10_000 % 100:02}",
    "float4": lambda number: f"{number % 10_000 / 8}",
    "float8": lambda number: f"{number % 10_000 / 8}",
    "bool": lambda number: "t" if number & 1 else "f",
    "date": _day,
    "timestamp": lambda number: f"{_day(number)} {number // 1800 % 24:02}:00:00",
    "timestamptz": lambda number: f"{_day(number)} {number // 1800 % 24:02}:00:00+00",
    "timetz": lambda number: f"{number % 24:02}:{number // 24 % 60:02}:00+00",
    "time": lambda number: f"{number % 24:02}:{number // 24 % 60:02}:00",
    "interval": lambda number: f"{number % 90} days {number // 90 % 24:02}:{number // 2160 % 60:02}:00",
    "money": lambda number: f"{number % 10_000}.{number // 10_000 % 100:02}",
    "oid": lambda number: str(number % 1_000_000 + 1),
    "uuid": lambda number: f"{number & 0xFFFFFFFF:08x}-0000-4000-8000-{number >> 16 & 0xFFFFFFFFFFFF:012x}",
    "inet": _address,
    "cidr": lambda number: _address(number) + "/32",
    "macaddr": lambda number: ":".join(f"{number >> shift & 255:02x}" for shift in range(0, 48, 8)),
    "macaddr8": lambda number: ":".join(f"{number >> shift & 255:02x}" for shift in range(0, 57, 8)),
    "bytea": lambda number: f"\\x{number & (1 << 64) - 1:016x}",
    "json": _json,
    "jsonb": _json,
    "xml": lambda number: f"<row id='{number % 1_000_000}'/>",
    "tsvector": lambda number: f"'{_WORDS[number % 12]}':1 '{_WORDS[number // 12 % 12]}':2",
    "tsquery": lambda number: f"'{_WORDS[number % 12]}'",
    "point": lambda number: f"({number % 1000 / 8},{number // 1000 % 1000 / 8})",
    "box": lambda number: f"({number % 1000},{number // 1000 % 1000}),(0,0)",
    "circle": lambda number: f"<({number % 1000},{number // 1000 % 1000}),{number % 50 + 1}>",
    "lseg": lambda number: f"[({number % 1000},0),(0,{number // 1000 % 1000})]",
    "line": lambda number: f"{{1,{number % 1000 + 1},{number // 1000 % 1000}}}",
    "path": lambda number: f"[(0,0),({number % 1000},{number // 1000 % 1000})]",
    "polygon": lambda number: f"((0,0),({number % 1000},0),(0,{number // 1000 % 1000}))",
    "int4range": lambda number: _span(number % 100_000, number % 100_000 + number // 100_000 % 50 + 1),
    "int8range": lambda number: _span(number % 100_000, number % 100_000 + number // 100_000 % 50 + 1),
    "numrange": lambda number: _span(number % 100_000, number % 100_000 + number // 100_000 % 50 + 1),
    "daterange": lambda number: f"[{_day(number)},{_day(number)}]",
    "tsrange": lambda number: f"[{_day(number)} 08:00,{_day(number)} {9 + number // 1800 % 12:02}:00)",
    "tstzrange": lambda number: f"[{_day(number)} 08:00+00,{_day(number)} {9 + number // 1800 % 12:02}:00+00)",
    "char": lambda number: chr(97 + number % 26),
    "bit": lambda number: str(number & 1),
    "varbit": lambda number: f"{number & 255:08b}",
    "pg_lsn": lambda number: f"0/{number & 0xFFFFFFFF:X}",
}
