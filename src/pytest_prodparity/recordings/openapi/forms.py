"""Parameters and form bodies, decoded as their styles say; the leaves stay texts."""

from __future__ import annotations

import json
import re
from typing import Any

from .document import Place
from .operation import Parameter

_BRACKET = re.compile(r"\[([^\[\]]*)\]")
Pairs = list[tuple[str, str]]


def base_name(key: str) -> str:
    """`items[0][price]` -> `items`."""
    return key.partition("[")[0]


def claimed(parameter: Parameter, key: str) -> bool:
    """A query key is this parameter's."""
    return key == parameter.name or base_name(key) == base_name(parameter.name)


def value_of(parameter: Parameter, pairs: Pairs) -> tuple[bool, Any]:
    """Whether it is there, and its value as the schema means it."""
    own = [(key, text) for key, text in pairs if claimed(parameter, key)]
    if not own:
        return False, None
    texts = [text for _, text in own]
    if parameter.style == "json":
        try:
            return True, json.loads(texts[0])
        except ValueError:
            return True, texts[0]
    kind = kind_of(parameter.schema)
    if kind == "array":
        if any(key != parameter.name and _BRACKET.search(key.removeprefix(parameter.name)) for key, _ in own):
            nested = nest(own).get(base_name(parameter.name))
            return True, nested if isinstance(nested, list) else [nested]
        return True, _split(parameter, texts)
    if kind == "object" or any("[" in key for key, _ in own if key != parameter.name):
        nested = nest(own).get(base_name(parameter.name))
        return True, nested if isinstance(nested, dict | list) or kind != "object" else {}
    return True, texts[-1]


def _split(parameter: Parameter, texts: list[str]) -> list[str]:
    """A single text may hold several whatever the style says: servers take both."""
    if len(texts) != 1:
        return texts
    if texts[0].startswith("["):  # some send JSON
        try:
            return [one if isinstance(one, str) else json.dumps(one) for one in json.loads(texts[0])]
        except ValueError:
            pass
    mark = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}.get(parameter.style, ",")
    return texts[0].split(mark) if texts[0] else []


def kind_of(place: Place | None) -> str:
    """The type that says how to decode; an `anyOf` of an object and a text is an object if it comes with brackets."""
    target = place.followed() if place is not None else None
    node = target.mapping() if target is not None else {}
    said = node.get("type")
    if isinstance(said, list):
        said = next((one for one in said if one != "null"), None)
    return said if isinstance(said, str) else "object" if "properties" in node else "array" if "items" in node else ""


def nest(pairs: Pairs) -> dict[str, Any]:
    """`items[0][price]=1&expand[]=a` -> `{"items": [{"price": "1"}], "expand": ["a"]}`. A plain key that comes again
    makes a list."""
    top: dict[str, Any] = {}
    for key, text in pairs:
        parts = [base_name(key), *_BRACKET.findall(key)]
        _put(top, parts, text)
    return {name: _lists(part) for name, part in top.items()}


def _put(node: dict[str, Any], parts: list[str], text: str) -> None:
    for at, part in enumerate(parts):
        name = part
        if part == "" and at:  # `[]` begins one more
            name = str(len(node))
        if at == len(parts) - 1:
            if name in node:
                known = node[name]
                node[name] = [*known, text] if isinstance(known, list) else [known, text]
            else:
                node[name] = text
            return
        below = node.get(name)
        if not isinstance(below, dict):
            below = node[name] = {}
        node = below


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [_lists(part) for part in node.values()]
    return {key: _lists(part) for key, part in node.items()}
