"""A schema made into a walk: one pass over a value says what does not fit, what is deprecated and what is documented nowhere.

JSON Schema as OpenAPI 3.0, 3.1 and Swagger 2 use it. Lenient where specifications are sloppy more often than servers:
`oneOf` lets several alternatives fit, `nullable` holds beside anything. What cannot be followed fits everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .choice import Choice
from .document import Place
from .notes import Path, Side, Walk
from .scalars import OfType, compiled, glance, scalar_tests

Test = Callable[[Any, Walk, Path], "Seen | None"]


@dataclass(slots=True)
class Seen:
    """Which fields of an object its schema knows."""

    names: set[str] = field(default_factory=set)
    open: bool = False
    """It says itself that there are more."""
    closed: bool = False
    """It says itself that there are no more. Asked of all parts together: `allOf` with a closed part is meant so."""

    def add(self, other: Seen) -> None:
        """What either knows."""
        self.names |= other.names
        self.open = self.open or other.open
        self.closed = self.closed or other.closed


_FURTHER = ("allOf", "oneOf", "anyOf", "discriminator", "if", "not", "dependentSchemas", "dependencies", "unevaluatedProperties")  # fmt: skip


class Schemas:
    """All schemas of a specification, each made once, when it is first used."""

    def __init__(self, *, references_alone: bool) -> None:
        self.references_alone = references_alone
        """Beside a `$ref` nothing else counts: so in 3.0 and Swagger 2."""
        self.unfollowed: set[str] = set()
        self._made: dict[int, Schema] = {}
        """By the node's identity: it lives as long as its schema, which holds it."""

    def of(self, place: Place) -> Schema:
        """The schema at a place."""
        found = self._made.get(id(place.node))
        if found is None:
            found = self._made[id(place.node)] = Schema(self, place)
        return found


class Schema:
    """One schema. What its `plain` and `longest` let pass fits it: see `glance`."""

    __slots__ = ("_nullable", "_tests", "longest", "place", "plain", "schemas")

    def __init__(self, schemas: Schemas, place: Place) -> None:
        self.schemas = schemas
        self.place = place
        self.plain, self.longest = glance(place.node)
        self._tests: list[Test] | None = None
        self._nullable = False

    def judge(self, value: Any, walk: Walk, path: Path) -> None:
        """Hold a whole value against it: also notes the fields that it does not know."""
        seen = self.apply(value, walk, path)
        if seen is None or seen.open or type(value) is not dict or not (seen.names or seen.closed):
            return
        for name in value:
            if name in seen.names:
                continue
            if seen.closed:
                walk.note(
                    "extra", (path, name), "is documented nowhere, and no further field is allowed", place=self.place
                )
            else:
                walk.note("unknown", (path, name), "is documented nowhere", place=self.place)

    def apply(self, value: Any, walk: Walk, path: Path) -> Seen | None:
        """As one part of a larger schema: what it knows of an object's fields is given back."""
        tests = self._tests
        if tests is None:
            tests = self._tests = self._build()
        if value is None and self._nullable:
            return None
        seen: Seen | None = None
        for test in tests:
            more = test(value, walk, path)
            if more is not None:
                if seen is None:
                    seen = more
                else:
                    seen.add(more)
        return seen

    def _build(self) -> list[Test]:
        node = self.place.node
        if not isinstance(node, dict):
            return [_never] if node is False else [_anything]
        self._nullable = node.get("nullable") is True or node.get("x-nullable") is True
        tests: list[Test] = []
        if self.place.reference is not None:
            tests.append(self._referred())
            if self.schemas.references_alone:
                return tests
        elif "$dynamicRef" in node or "$recursiveRef" in node or "$ref" in node:
            self.schemas.unfollowed.add(str(self.place))
            return [_anything]
        if (of_type := OfType.of(self.place)) is not None:
            tests.append(of_type)
        tests += scalar_tests(self.place)
        tests += [test for make in (_object, _array) if (test := make(self)) is not None]
        if node.keys().isdisjoint(_FURTHER):
            return tests
        if (parts := self.place.get("allOf")) is not None:
            tests += [self.schemas.of(part).apply for part in parts.elements()]
        if (choice := Choice.of(self.schemas, self.place)) is not None:
            tests.append(choice)
        tests += self._conditions()
        if (more := node.get("unevaluatedProperties")) is not None:
            tests.append(_closed if more is False else _anything)
        return tests

    def _referred(self) -> Test:
        target = self.place.followed()
        if target is None:
            self.schemas.unfollowed.add(f"{self.place}: {self.place.reference}")
            return _anything
        return self.schemas.of(target).apply

    def _conditions(self) -> list[Test]:
        found: list[Test] = []
        if (condition := self.place.get("if")) is not None:
            then, other = self.place.get("then"), self.place.get("else")
            found.append(_if(self.schemas, condition, then, other))
        if (refused := self.place.get("not")) is not None:
            found.append(_not(self.schemas.of(refused)))
        for name in ("dependentSchemas", "dependencies"):
            for key, part in self.place.mapping().get(name, {}).items() if self.place.get(name) else ():
                if isinstance(part, dict | bool):
                    found.append(_when(key, self.schemas.of(self.place[name][key])))
        return found


def _anything(value: Any, _walk: Walk, _path: Path) -> Seen | None:
    return Seen(open=True) if type(value) is dict else None


def _closed(value: Any, _walk: Walk, _path: Path) -> Seen | None:
    return Seen(closed=True) if type(value) is dict else None


def _never(value: Any, walk: Walk, path: Path) -> Seen | None:
    walk.note("limit", path, "is documented as never there", value)
    return None


@dataclass(frozen=True, slots=True)
class Property:
    """One documented field of an object."""

    schema: Schema
    deprecated: bool
    read_only: bool
    write_only: bool
    remarkable: bool
    """One of the three."""


def _property(schemas: Schemas, place: Place) -> Property:
    target = place.followed() if place.reference is not None else None
    nodes = (place.mapping(),) if target is None else (place.mapping(), target.mapping())
    deprecated = read_only = write_only = False
    for node in nodes:
        deprecated = deprecated or node.get("deprecated") is True or node.get("x-deprecated") is True
        read_only = read_only or node.get("readOnly") is True
        write_only = write_only or node.get("writeOnly") is True
    return Property(schemas.of(place), deprecated, read_only, write_only, deprecated or read_only or write_only)


def _object(schema: Schema) -> Test | None:
    node, place, schemas = schema.place.mapping(), schema.place, schema.schemas
    if node.keys().isdisjoint(("properties", "patternProperties", "additionalProperties", "required")):
        return None
    named = place.get("properties")
    properties = {name: _property(schemas, part) for name, part in named.items()} if named else {}
    patterns = [
        (pattern, schemas.of(part))
        for name, part in (place["patternProperties"].items() if node.get("patternProperties") else ())
        if (pattern := compiled(name)) is not None
    ]
    extra = node.get("additionalProperties")
    others = schemas.of(place["additionalProperties"]) if isinstance(extra, dict) and extra else None
    required = [name for name in node["required"] if isinstance(name, str)] if isinstance(node.get("required"), list) else []  # fmt: skip

    def test(value: Any, walk: Walk, path: Path) -> Seen | None:
        if type(value) is not dict:
            return None
        seen = Seen(set(properties), open=extra is True or extra == {}, closed=extra is False)
        for name, part in value.items():
            known = properties.get(name)
            if known is not None:
                if known.remarkable:
                    _remark(known, walk, (path, name))
                schema, kind = known.schema, type(part)
                if kind not in schema.plain and not (kind is str and len(part) <= schema.longest):
                    schema.judge(part, walk, (path, name))
                continue
            for pattern, matched in patterns:
                if pattern.search(name):
                    seen.names.add(name)
                    matched.judge(part, walk, (path, name))
            if others is not None and name not in seen.names:
                seen.names.add(name)
                others.judge(part, walk, (path, "*"))
        for name in required:
            if name not in value and not _excused(properties.get(name), walk):
                walk.note("missing", (path, name), "is documented as required, and missing", place=place)
        if others is not None and not seen.names:
            seen.open = True
        return seen

    return test


def _remark(known: Property, walk: Walk, path: Path) -> None:
    if known.deprecated:
        walk.note("deprecated", path, "is deprecated", place=known.schema.place)
    if known.read_only and walk.side is Side.REQUEST:
        walk.note("read-only", path, "is documented as read-only, and was sent", place=known.schema.place)
    if known.write_only and walk.side is Side.RESPONSE:
        walk.note("write-only", path, "is documented as write-only, and came back", place=known.schema.place)


def _excused(known: Property | None, walk: Walk) -> bool:
    """In a request a field that is described elsewhere may be read-only there."""
    if walk.side is Side.REQUEST:
        return known is None or known.read_only
    return known is not None and known.write_only


def _array(schema: Schema) -> Test | None:
    place, schemas = schema.place, schema.schemas
    items = place.get("items")
    tuples = place.get("prefixItems") or (items if items is not None and isinstance(items.node, list) else None)
    first = [schemas.of(part) for part in tuples.elements()] if tuples is not None else []
    rest = schemas.of(items) if items is not None and isinstance(items.node, dict) and items.node else None
    least, most = place.mapping().get("minItems"), place.mapping().get("maxItems")
    if not first and rest is None and least is None and most is None:
        return None

    def test(value: Any, walk: Walk, path: Path) -> Seen | None:
        if type(value) is not list:
            return None
        inside = (path, "[]")
        for at, item in enumerate(value):
            part = first[at] if at < len(first) else rest
            if part is not None:
                part.judge(item, walk, inside)
        if isinstance(least, int) and len(value) < least:
            walk.note("limit", path, f"has {len(value)} items, documented: at least {least}", place=place)
        if isinstance(most, int) and len(value) > most:
            walk.note("limit", path, f"has {len(value)} items, documented: at most {most}", place=place)
        return None

    return test


def _if(schemas: Schemas, condition: Place, then: Place | None, other: Place | None) -> Test:
    asked = schemas.of(condition)
    holds, fails = (schemas.of(part) if part is not None else None for part in (then, other))

    def test(value: Any, walk: Walk, path: Path) -> Seen | None:
        trial = walk.trial()
        seen = asked.apply(value, trial, path)
        chosen = holds if trial.fits else fails
        more = chosen.apply(value, walk, path) if chosen is not None else None
        if trial.fits and seen is not None and more is not None:
            more.add(seen)
        return more or (seen if trial.fits else None)

    return test


def _not(refused: Schema) -> Test:
    def test(value: Any, walk: Walk, path: Path) -> Seen | None:
        trial = walk.trial()
        refused.apply(value, trial, path)
        if trial.fits:
            walk.note("limit", path, "is what the schema excludes with 'not'", value, refused.place)
        return None

    return test


def _when(key: str, schema: Schema) -> Test:
    def test(value: Any, walk: Walk, path: Path) -> Seen | None:
        return schema.apply(value, walk, path) if type(value) is dict and key in value else None

    return test
