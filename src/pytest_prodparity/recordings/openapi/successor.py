"""What to use instead of something deprecated, where the specification says so."""

from __future__ import annotations

import re

from .document import Place
from .operation import Operation
from .routes import VERSION, same_kind, version_key
from .spec import Spec

_KEY = re.compile(r"x-.*(?:success|replace|supersed|alternative|instead|migrat|use-)", re.IGNORECASE)
_PATH = re.compile(r"(?:(GET|PUT|POST|DELETE|PATCH|HEAD)\s+)?(/[\w./{}:~-]*[\w}])")
_SAYS = (
    re.compile(r"\b(?:please\s+)?use\s+(?P<what>[^.;\n]{2,160}?)\s+instead\b", re.IGNORECASE),
    re.compile(r"\binstead,?\s+(?:please\s+)?use\s+(?P<what>[^;\n]{2,160}?)(?:\.(?:\s|$)|;|\n|$)", re.IGNORECASE),
    re.compile(
        r"\b(?:replaced|superseded|succeeded)\s+by\s+(?P<what>[^;\n]{2,160}?)(?:\.(?:\s|$)|;|\n|$)", re.IGNORECASE
    ),
    re.compile(r"\bin\s+favou?r\s+of\s+(?P<what>[^;\n]{2,160}?)(?:\.(?:\s|$)|;|\n|$)", re.IGNORECASE),
    re.compile(r"\b(?:migrate|switch|move)\s+to\s+(?P<what>[^;\n]{2,160}?)(?:\.(?:\s|$)|;|\n|$)", re.IGNORECASE),
    re.compile(r"(?:^|[.:;,(\n]\s*|\bplease\s+)use\s+(?P<what>[^;\n]{2,160}?)(?:\.(?:\s|$)|;|\n|\)|$)", re.IGNORECASE),
)


def of_operation(spec: Spec, operation: Operation, url: str) -> str:
    """By an extension, a description, or the same operation in a newer version; empty where nothing is said."""
    said = of_place(spec, operation.place)
    if said:
        return said
    own = [segment for segment in operation.template.split("/") if VERSION.match(segment)]
    for version, newer in spec.versions(url, operation.method):
        if not newer.deprecated and own and same_kind(version, own[0]) and version_key(version) > version_key(own[0]):
            return str(newer)
    return ""


def of_place(spec: Spec, place: Place | None) -> str:
    """Of anything that may be deprecated: its extensions, then its description, followed through a `$ref`."""
    if place is None:
        return ""
    target = place.followed()
    for node in [place.mapping(), target.mapping() if target is not None else {}]:
        for name, said in node.items():
            if isinstance(name, str) and _KEY.match(name) and (text := _plain(said)):
                return _resolved(spec, text)
        for name in ("description", "summary"):
            if isinstance(told := node.get(name), str) and (what := said_in(told)):
                return what
    return ""


def said_in(text: str) -> str:
    """`Deprecated. Use `PATCH /v2/x` instead.` -> `PATCH /v2/x`."""
    for pattern in _SAYS:
        met = pattern.search(text)
        if met is not None:
            what = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", met["what"])  # a Markdown link's text
            what = re.sub(r"<[^>]*>|[`*]", "", what).strip(" \"'(),")
            return re.sub(r"^the\s+", "", re.sub(r"\s+", " ", what))
    return ""


def _plain(said: object) -> str:
    """An extension's value: a text, or a mapping that has one under a likely name."""
    if isinstance(said, str):
        return said.strip()
    if isinstance(said, dict):
        method = said.get("method")
        for name in ("path", "operationId", "operation", "name", "url", "href", "description"):
            if isinstance(found := said.get(name), str):
                return f"{method.upper()} {found}" if isinstance(method, str) and name == "path" else found
    return ""


def _resolved(spec: Spec, text: str) -> str:
    """An operationId as its method and path."""
    found = spec.by_id(text) if re.match(r"[\w./:-]+$", text) and not _PATH.fullmatch(text) else None
    return str(found) if found is not None else text
