"""The few values that rules need to read: counts, and texts to compare with common values."""

from __future__ import annotations

import struct

from ..wire.trip import Parameter

_INTEGERS = {16: ">?", 20: ">q", 21: ">h", 23: ">i", 26: ">I"}
_FLOATS = {700: ">f", 701: ">d"}


def text_of(parameter: Parameter) -> str | None:
    """The value as PostgreSQL writes it in text, where its form is known; else a text that equals only itself."""
    if parameter.value is None:
        return None
    if not parameter.binary:
        return parameter.value.decode("utf-8", "replace")
    form = _INTEGERS.get(parameter.oid) or _FLOATS.get(parameter.oid)
    if form and len(parameter.value) == struct.calcsize(form):
        value = struct.unpack(form, parameter.value)[0]
        return (
            ("t" if value else "f") if parameter.oid == 16 else f"{value:.15g}" if form in (">f", ">d") else str(value)
        )
    if parameter.oid in (0, 20, 21, 23) and len(parameter.value) in (2, 4, 8):
        return str(int.from_bytes(parameter.value, "big", signed=True))
    if parameter.oid in (25, 1042, 1043, 19):
        return parameter.value.decode("utf-8", "replace")
    return "\0" + parameter.value.hex()


def literal(text: str) -> str | None:
    """A literal's value as text; None for NULL."""
    if text.lower() == "null":
        return None
    if text.startswith("'") and text.endswith("'"):
        return text[1:-1].replace("''", "'")
    return {"true": "t", "false": "f"}.get(text.lower(), text)


def whole(text: str | None) -> int | None:
    """As a whole number, None where it is none."""
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None
