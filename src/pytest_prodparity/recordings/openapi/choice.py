"""Alternatives: `oneOf`, `anyOf`, and the discriminator that says which one it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .document import Place
from .notes import Note, Path, Walk

if TYPE_CHECKING:
    from .schema import Schema, Schemas, Seen


class Choice:
    """The alternatives of one schema; a schema with a discriminator and no alternatives has those that extend it."""

    def __init__(self, schemas: Schemas, place: Place) -> None:
        self._schemas = schemas
        self._place = place
        self._groups = [
            [schemas.of(part) for part in listed.elements()]
            for name in ("oneOf", "anyOf")
            if (listed := place.get(name)) is not None
        ]
        said = place.mapping().get("discriminator")
        self._property = said if isinstance(said, str) else said.get("propertyName") if isinstance(said, dict) else None
        self._mapping = said.get("mapping") if isinstance(said, dict) else None

    @classmethod
    def of(cls, schemas: Schemas, place: Place) -> Choice | None:
        """None where the schema has none."""
        choice = cls(schemas, place)
        return choice if choice._groups or choice._property is not None else None

    def __call__(self, value: Any, walk: Walk, path: Path) -> Seen | None:
        """The test of a schema."""
        key = (id(self), id(value))
        if self._property is not None and type(value) is dict and key not in walk.dispatched:
            told = value.get(self._property)
            if (named := self._named(told) if isinstance(told, str) else None) is not None:
                before, walk.dispatched = walk.dispatched, walk.dispatched | {key}
                try:
                    return named.apply(value, walk, path)
                finally:
                    walk.dispatched = before
            if not self._groups:
                return self._unknown(value)
        seen: Seen | None = None
        for group in self._groups:
            more = _any(group, value, walk, path, self._place)
            if more is not None and seen is not None:
                seen.add(more)
            seen = seen or more
        return seen

    def _unknown(self, value: dict[str, Any]) -> Seen:
        """It is of a type that the specification does not say more about."""
        from .schema import Seen

        return Seen(set(value), open=True)

    def _named(self, said: str) -> Schema | None:
        """The alternative that the discriminator's value names, by the mapping or by its own name."""
        if isinstance(self._mapping, dict) and isinstance(reference := self._mapping.get(said), str):
            if "/" not in reference and "#" not in reference and "." not in reference:
                said = reference
            else:
                target = self._place.files.target(self._place, reference)
                return self._schemas.of(target) if target is not None else None
        for group in self._groups:
            for schema in group:
                target = schema.place.followed()
                if target is not None and target is not schema.place and target.name == said:
                    return schema
        if self._groups:
            return None
        root = self._place.files.root(self._place.file)
        parent: Place | None = root
        for part in self._place.pointer.split("/")[1:-1]:
            parent = parent.get(part.replace("~1", "/").replace("~0", "~")) if parent is not None else None
        beside = parent.get(said) if parent is not None else None
        return self._schemas.of(beside) if beside is not None and beside.key != self._place.key else None


def _any(group: list[Schema], value: Any, walk: Walk, path: Path, place: Place) -> Seen | None:
    """The alternatives that fit know the value together; where none does, the nearest one tells why."""
    seen: Seen | None = None
    fitting: list[Note] | None = None
    refused: list[list[Note]] = []
    for schema in group:
        if type(value) in schema.plain:
            fitting = []
            continue
        trial = walk.trial()
        more = schema.apply(value, trial, path)
        if not trial.fits:
            refused.append(trial.notes)
            continue
        if fitting is None or len(trial.notes) < len(fitting):
            fitting = trial.notes
        if more is not None and seen is not None:
            seen.add(more)
        seen = seen or more
    if fitting is not None:
        walk.notes += fitting
        return seen
    if not refused:
        return None
    near = [
        notes for notes in refused if not any(note.kind in ("type", "null") and note.path == path for note in notes)
    ]
    if near:
        walk.notes += min(near, key=lambda notes: sum(_distance(note, path) for note in notes))
    else:
        from .scalars import type_name

        told = f"is {type_name(value)}, which none of the {len(group)} documented alternatives is"
        walk.note("null" if value is None else "type", path, told, value, place)
    return _known(group, value, walk, path)


def _distance(note: Note, path: Path) -> int:
    """A field that has one value only, such as `object: card`, says which alternative it is; another value, that it is not."""
    if not note.violates:
        return 0
    node = note.place.mapping() if note.place is not None else {}
    single = "const" in node or (isinstance(node.get("enum"), list) and len(node["enum"]) == 1)
    return 100 if note.kind == "value" and single and note.path is not None and note.path[0] == path else 1


def _known(group: list[Schema], value: Any, walk: Walk, path: Path) -> Seen | None:
    """What any alternative knows, so that a field is not called unknown on top of it."""
    seen: Seen | None = None
    for schema in group:
        more = schema.apply(value, walk.trial(), path)
        if more is not None and seen is not None:
            seen.add(more)
        seen = seen or more
    return seen
