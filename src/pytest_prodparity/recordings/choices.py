"""`[tool.prodparity.http]`, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core.errors import UsageError
from ..core.suggest import closest

WHERE = "[tool.prodparity.http]"
_UNITS = {"day": 86_400.0, "week": 7 * 86_400.0, "month": 30 * 86_400.0, "year": 365 * 86_400.0, "hour": 3_600.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a project says about its recordings."""

    env: tuple[str, ...] = ()
    """Variables that hold secrets, besides those that are recognised."""
    hosts: tuple[str, ...] = ()
    """May be reached from marked tests."""
    harmless: tuple[str, ...] = ()
    """Values that are no secrets, whatever they look like."""
    max_age: float | None = None
    """Seconds."""
    max_body: int = 16 * 1024 * 1024
    """Bytes of one answer."""
    openapi: tuple[str, ...] = ()
    """Specifications of the vendors' APIs, relative to the project's root."""
    probes: bool = False
    """While recording, ask again without the credential, and with a corrupt one: GET and HEAD only."""

    @classmethod
    def parse(cls, said: Mapping[str, object]) -> Choices:
        """Raises UsageError."""
        for key in said:
            if key not in _PARSERS:
                raise UsageError(
                    f"{WHERE}: unknown key {key!r}{closest(key, _PARSERS)}.", fix=f"use one of {', '.join(_PARSERS)}"
                )
        return cls(**{key: _PARSERS[key](value, key) for key, value in said.items()})


def _names(said: object, key: str) -> tuple[str, ...]:
    if isinstance(said, list) and all(isinstance(one, str) and one for one in said):
        return tuple(said)
    raise UsageError(f"{WHERE} {key}: {said!r} is not a list of texts.", fix=f'write {key} = ["…"]')


def _hosts(said: object, key: str) -> tuple[str, ...]:
    for host in (names := _names(said, key)):
        if "://" in host or "/" in host:
            raise UsageError(
                f"{WHERE} {key}: {host!r} is no host.", fix='write hosts = ["api.example.com"], without scheme or path'
            )
    return names


def _age(said: object, key: str) -> float:
    if (
        isinstance(said, str)
        and (found := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?\s*", said))
        and found[2] in _UNITS
    ):
        return float(found[1]) * _UNITS[found[2]]
    raise UsageError(f"{WHERE} {key}: {said!r} is no age.", fix='write max_age = "90 days"')


def _bytes(said: object, key: str) -> int:
    from ..core.levels import parse_bytes

    try:
        return parse_bytes(said)
    except UsageError as wrong:
        raise UsageError(f"{WHERE} {key}: {wrong.happened}", fix=wrong.fix) from None


def _flag(said: object, key: str) -> bool:
    if isinstance(said, bool):
        return said
    raise UsageError(f"{WHERE} {key}: {said!r} is neither true nor false.")


_PARSERS: dict[str, Any] = {
    "env": _names,
    "hosts": _hosts,
    "harmless": _names,
    "max_age": _age,
    "max_body": _bytes,
    "openapi": _names,
    "probes": _flag,
}
