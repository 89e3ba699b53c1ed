"""Constants of expressions: of what kind, and which number or text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from uuid import UUID

import numpy as np

from .expressions import Constant, Unreadable

Kind = Literal["truth", "number", "text", "symbol", "date", "stamp", "time", "span", "uuid", "null"]
"""`symbol`: a value of some type by its text, of which only equality is known. `span`: microseconds."""

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
_PLAIN_INTERVAL = re.compile(r"^(?:(-?\d+) days? ?)?(?:(-?)(\d+):(\d\d):(\d\d(?:\.\d+)?))?$")


def literal(node: Constant) -> tuple[Kind, object, int | None]:
    """(kind, value, scale) of a constant that is not NULL."""
    text, kind = node.text or "", node.type
    try:
        if kind in ("numeric", "integer", "bigint", "smallint", "money") or (not kind and _is_number(text)):
            whole, _, after = text.partition(".")
            if "e" in text.lower():
                return "number", float(text), None
            return "number", int((whole or "0") + after), len(after)
        if kind in ("double precision", "real"):
            return "number", float(text), None
        if kind == "boolean":
            return "truth", text.lower() in ("t", "true", "yes", "on", "1"), 0
        if kind == "date":
            return "date", (date.fromisoformat(text) - EPOCH.date()).days, 0
        if kind.startswith("timestamp"):
            return "stamp", _microseconds(text), 0
        if kind.startswith("time"):
            hours, minutes, seconds = [*text.split("+")[0].split(":"), "0"][:3]
            return "time", round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1e6), 0
        if kind.startswith("interval"):
            return "span", _interval(text), 0
        if kind == "uuid":
            return "uuid", np.void(UUID(text).bytes), 0
    except (ValueError, OverflowError) as cause:
        raise Unreadable(f"the constant {text!r} of type {kind}") from cause
    textual = ("", "text", "character varying", "character", "bpchar", "name", '"char"')
    return "text" if kind in textual else "symbol", text.encode(), 0


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d*)?", text))


def _microseconds(text: str) -> int:
    found = datetime.fromisoformat(text.replace(" ", "T", 1))
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(microseconds=1)


def _interval(text: str) -> int:
    found = _PLAIN_INTERVAL.match(text.removeprefix("@ "))
    if not text or found is None:
        raise Unreadable(f"the interval {text!r}")
    days, sign, hours, minutes, seconds = found.groups()
    clock = (int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds or 0)) * 1_000_000
    return int(days or 0) * DAY + round(-clock if sign else clock)
