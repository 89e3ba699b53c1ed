"""Header fields: by name, as a media type, as links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .exchange import Fields


def values(fields: Fields, name: str) -> list[str]:
    """Of each field of this name, in order; names are compared without case."""
    name = name.lower()
    return [value for key, value in fields if key.lower() == name]


def value(fields: Fields, name: str) -> str | None:
    """Of the first field of this name."""
    found = values(fields, name)
    return found[0] if found else None


def media_type(fields: Fields) -> str:
    """The Content-Type without its parameters, in small letters; empty where there is none."""
    return (value(fields, "content-type") or "").partition(";")[0].strip().lower()


def is_json(media: str) -> bool:
    """`application/json`, and what ends with `+json`."""
    return media in ("application/json", "text/json") or media.endswith("+json")


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One link of a Link field (RFC 8288)."""

    target: str
    parameters: Mapping[str, str]


_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w!#$&+^`|~*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^",;\s]*))?)*)')
_PARAMETER = re.compile(r';\s*([\w!#$&+^`|~*-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",;\s]*)))?')


def links(fields: Fields, relation: str) -> list[Link]:
    """Those of this relation type; a link may have several, parted by blanks."""
    found = []
    for field in values(fields, "link"):
        for target, rest in _LINK.findall(field):
            parameters = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
            if relation in parameters.get("rel", "").lower().split():
                found.append(Link(target=target, parameters=parameters))
    return found
