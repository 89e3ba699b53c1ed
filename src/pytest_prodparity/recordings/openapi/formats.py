"""What a `format` asks of a value. Only those that are unmistakable; any other is a remark for people."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$", re.ASCII)
_TIME = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-4]):[0-5]\d(:([0-5]\d|60)([.,]\d+)?)?"
    r"([Zz]|[+-]\d\d:?\d\d|[+-]\d\d)?$",
    re.ASCII,
)
_UUID = re.compile(r"\{?(?:urn:uuid:)?[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\}?$")


def _ip(of: Callable[[str], object]) -> Callable[[str], bool]:
    def holds(value: str) -> bool:
        try:
            of(value)
        except ValueError:
            return False
        return True

    return holds


TEXTS: dict[str, Callable[[str], bool]] = {
    "date": lambda value: _DATE.match(value) is not None,
    "date-time": lambda value: _TIME.match(value) is not None,
    "uuid": lambda value: _UUID.match(value) is not None,
    "email": lambda value: "@" in value,
    "ipv4": _ip(ipaddress.IPv4Address),
    "ipv6": _ip(ipaddress.IPv6Address),
}
"""A date-time without seconds or zone is let pass: many do so, and no reader has failed."""

INTEGERS: dict[str, tuple[int, int]] = {
    "int32": (-(1 << 31), (1 << 31) - 1),
    "int64": (-(1 << 63), (1 << 63) - 1),
}
