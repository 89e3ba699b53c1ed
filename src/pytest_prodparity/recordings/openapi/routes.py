"""From a URL to a path of the specification."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

VERSION = re.compile(r"v\d+(?:[._]\d+)*(?:alpha\d*|beta\d*)?$|\d{4}-\d{2}(?:-\d{2})?$", re.ASCII)
_VARIABLE = re.compile(r"\{[^{}]*\}")
_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """One base URL; `{variables}` stand for anything, or for their documented values."""

    url: str
    host: re.Pattern[str] | None
    """None where the specification names no host, or only a variable for one."""
    base: str
    pattern: re.Pattern[str]
    """Of the base path, with what follows as its last group."""

    @classmethod
    def of(cls, url: str, variables: dict[str, list[str]] | None = None) -> Server:
        """From a base URL, absolute or only a path."""
        url = url.rstrip("/")
        address, base = url, ""
        if "://" in url:
            scheme, _, rest = url.partition("://")
            address, slash, base = rest.partition("/")
            base = slash + base
            address = address.lower().rpartition("@")[2].removesuffix(_PORTS.get(scheme.lower(), "-"))
        else:
            address, base = "", "/" + url.strip("/") if url.strip("/") else ""
        return cls(
            url=url or "/",
            host=re.compile(_open(address, variables) + "$") if re.search(r"\w", _VARIABLE.sub("", address)) else None,
            base=base,
            pattern=re.compile(_open(base, variables) + r"(/.*|)$"),
        )


def _open(text: str, variables: dict[str, list[str]] | None) -> str:
    parts = re.split(r"\{([^{}]*)\}", text)
    opened = [re.escape(part) if at % 2 == 0 else _either((variables or {}).get(part)) for at, part in enumerate(parts)]
    return "".join(opened)


def _either(values: list[str] | None) -> str:
    return f"(?:{'|'.join(map(re.escape, values))})" if values else "[^/]+?"


def host_of(url: str) -> str:
    """In small letters, with the port where it is not the scheme's own."""
    parts = urlsplit(url)
    return parts.netloc.lower().rpartition("@")[2].removesuffix(_PORTS.get(parts.scheme, "-"))


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    patterns: list[tuple[re.Pattern[str], str, _Node]] = field(default_factory=list)
    """Segments with variables, those with most letters of their own first."""
    template: str | None = None


class Routes:
    """The path templates below one server; a literal segment comes before a variable one."""

    def __init__(self) -> None:
        self._top = _Node()

    def add(self, template: str) -> None:
        """As written in `paths`."""
        node = self._top
        for segment in _segments(template.partition("?")[0]):
            if "{" not in segment:
                node = node.literal.setdefault(unquote(segment), _Node())
                continue
            known = next((child for _, text, child in node.patterns if text == segment), None)
            if known is None:
                known = _Node()
                node.patterns.append((re.compile(_segment(segment), re.DOTALL), segment, known))
                node.patterns.sort(key=lambda entry: -len(re.sub(r"\{[^{}]*\}", "", entry[1])))
            node = known
        node.template = node.template or template

    def match(self, path: str) -> tuple[str, tuple[str, ...]] | None:
        """A template, and its variables' values in order. Where none fits, the last variable may hold slashes: so do
        the paths of files and branches."""
        segments = [unquote(segment) for segment in _segments(path)]
        return _walk(self._top, segments, (), greedy=False) or _walk(self._top, segments, (), greedy=True)


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _segment(segment: str) -> str:
    parts = re.split(r"\{[^{}]*\}", segment)
    return "(.+?)".join(re.escape(part) for part in parts) + "$"


def _walk(node: _Node, rest: list[str], values: tuple[str, ...], *, greedy: bool) -> tuple[str, tuple[str, ...]] | None:
    if not rest:
        return (node.template, values) if node.template is not None else None
    if (child := node.literal.get(rest[0])) is not None and (found := _walk(child, rest[1:], values, greedy=greedy)):
        return found
    for pattern, _, child in node.patterns:
        met = pattern.match(rest[0])
        if met is not None and (found := _walk(child, rest[1:], (*values, *met.groups()), greedy=greedy)):
            return found
        if greedy and len(rest) > 1 and child.template is not None and (met := pattern.match("/".join(rest))):
            return child.template, (*values, *met.groups())
    return None


def version_key(segment: str) -> tuple[int, ...]:
    """`v2.1` after `v2` after `v1`; dates by time, and not comparable with those: they differ in their first number."""
    return tuple(int(number) for number in re.findall(r"\d+", segment))


def same_kind(one: str, other: str) -> bool:
    """Both are numbered versions, or both are dates."""
    return one.startswith("v") is other.startswith("v")
