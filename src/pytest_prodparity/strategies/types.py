"""What a column's type is made of, read from the profile's text alone; and literals as Python has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from ..profile.model import Profile

_BASES = {
    "smallint": "int2", "integer": "int4", "bigint": "int8", "boolean": "bool", "real": "float4",
    "double precision": "float8", "character varying": "varchar", "character": "bpchar", "bit varying": "varbit",
    "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
    "time without time zone": "time", "time with time zone": "timetz",
}  # fmt: skip
_TYPE = re.compile(
    r'^(?P<name>(?:"(?:[^"]|"")*"|[^("\[])+?)\s*(?:\((?P<args>[^)]*)\))?(?P<more>[^\[\]()]*)(?P<array>(?:\[\])*)$'
)
_DOMAIN = re.compile(r"\s(?=NOT NULL\b|DEFAULT\s|CHECK\s*\()")


@dataclass(frozen=True, kw_only=True, slots=True)
class Type:
    """A type, its domains resolved."""

    base: str
    """`pg_type.typname` of what it is made of; of an array, its elements'."""
    written: str
    """As `format_type` has it."""
    size: int | None = None
    """Characters; of a numeric, digits."""
    scale: int | None = None
    array: bool = False
    labels: tuple[str, ...] = ()
    not_null: bool = False
    checks: tuple[str, ...] = ()
    """Of its domains: `CHECK (…)`, with VALUE."""


def read(written: str, profile: Profile) -> Type:
    """Of a column, as the profile has it."""
    plain = _unquoted(written)
    domain = profile.domains.get(plain) or profile.domains.get(f"public.{plain}")
    if domain is not None:
        base, not_null, checks = _domain(domain)
        inner = read(base, profile)
        return replace(inner, not_null=inner.not_null or not_null, checks=(*inner.checks, *checks))
    found = _TYPE.match(written)
    assert found is not None
    name = (found["name"] + (found["more"] or "")).strip()
    plain = _unquoted(name)
    labels = profile.enums.get(plain) or profile.enums.get(f"public.{plain}") or ()
    element = profile.domains.get(plain) or profile.domains.get(f"public.{plain}")
    arguments = [int(one) for one in (found["args"] or "").split(",") if one.strip().lstrip("-").isdigit()]
    base = _BASES.get(name, plain.rpartition(".")[2])
    if found["array"] and element is not None:
        inner = read(name, profile)
        return replace(inner, array=True, written=written, not_null=False)
    size = arguments[0] if arguments and base in ("varchar", "bpchar", "numeric", "bit", "varbit") else None
    return Type(
        base=base, written=written, size=size,
        scale=(arguments[1] if len(arguments) > 1 else 0) if arguments and base == "numeric" else None,
        array=bool(found["array"]), labels=tuple(labels),
    )  # fmt: skip


def _unquoted(name: str) -> str:
    if '"' not in name:
        return name
    parts = re.findall(r'"(?:[^"]|"")*"|[^."]+', name)
    return ".".join(part[1:-1].replace('""', '"') if part[0] == '"' else part for part in parts)


def _domain(text: str) -> tuple[str, bool, list[str]]:
    """Base type, NOT NULL, checks."""
    start = _DOMAIN.search(text)
    base, rest = (text[: start.start()], text[start.start() :]) if start else (text, "")
    return base, rest.lstrip().startswith("NOT NULL"), list(_checks(rest))


def _checks(text: str) -> list[str]:
    """Each `CHECK (…)`, by its parentheses; what stands in quotes does not count."""
    found, at, start, depth = [], 0, -1, 0
    while at < len(text):
        sign = text[at]
        if sign in "'\"":
            end = at + 1
            while end < len(text) and (text[end] != sign or text[end : end + 2] == sign * 2):
                end += 2 if text[end] == sign else 1
            at = end + 1
            continue
        if depth == 0 and text.startswith("CHECK", at):
            start = at
        depth += (sign == "(") - (sign == ")")
        if sign == ")" and depth == 0 and start >= 0:
            found.append(text[start : at + 1])
            start = -1
        at += 1
    return found


def value(kind: Type, text: str) -> Any:
    """A literal as the values here are: as psycopg returns them where Python has the type, else its text.

    None where Python has no such value: infinity, years before Christ.
    """
    if kind.array or kind.base not in _READERS:
        return text
    try:
        return _READERS[kind.base](text)
    except (ValueError, ArithmeticError):
        return None


def _stamp(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _decimal(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite():
        raise ValueError(text)
    return found


_READERS: dict[str, Callable[[str], Any]] = {
    "int2": int, "int4": int, "int8": int, "numeric": _decimal, "float4": float, "float8": float,
    "bool": lambda text: text.lower() in ("t", "true"), "date": date.fromisoformat, "uuid": UUID,
    "time": time.fromisoformat, "timestamp": datetime.fromisoformat, "timestamptz": _stamp,
    "bytea": lambda text: bytes.fromhex(text.removeprefix("\\x")),
}  # fmt: skip
