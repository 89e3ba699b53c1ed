"""What fits a schema here fits it by jsonschema, too, and the other way round, but for what is lenient on purpose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_prodparity.recordings.openapi.document import Files, Place
from pytest_prodparity.recordings.openapi.notes import Side, Walk
from pytest_prodparity.recordings.openapi.schema import Schemas

NAMES = st.sampled_from(["a", "b", "kind"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-3, 12), st.sampled_from([0.5, 2.0, -1.5]), st.sampled_from(["", "a", "ab", "2024-01-31", "x" * 9]))  # fmt: skip
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)  # fmt: skip
TYPES = ["string", "integer", "number", "boolean", "null", "array", "object"]
KEYWORDS: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True),
    # Not null: `type: string` beside it is taken to be an oversight.
    "enum": st.lists(SCALARS.filter(lambda value: value is not None), min_size=1, max_size=3),
    "const": SCALARS,
    "minimum": st.integers(-2, 5),
    "exclusiveMaximum": st.integers(0, 9),
    "maxLength": st.integers(1, 5),
    "pattern": st.sampled_from(["^a", "b$", "."]),
    "minItems": st.integers(0, 2),
    "maxItems": st.integers(1, 3),
    "required": st.lists(NAMES, max_size=2, unique=True),
}


def schemas(depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """Small ones, with everything that nests."""
    flat = st.fixed_dictionaries({}, optional=KEYWORDS)
    if depth == 0:
        return flat
    inner = st.deferred(lambda: schemas(depth - 1))
    some = st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            **{name: KEYWORDS[name] for name in ("type", "required", "enum")},
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "additionalProperties": inner,
            "items": inner,
            "prefixItems": some,
            "allOf": some,
            "anyOf": some,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
        },
    )


def fits(schema: Any, value: Any) -> bool:
    """Here."""
    place = Place(Files(), Path("schema.json"), "", schema)
    walk = Walk(Side.RESPONSE)
    Schemas(references_alone=False).of(place).judge(value, walk, None)
    return walk.fits


@settings(max_examples=300, deadline=None, derandomize=True)
@given(schemas(), VALUES)
def test_both_say_the_same(schema: dict[str, Any], value: Any) -> None:
    expected = Draft202012Validator(schema).is_valid(value)
    # An empty text has no pattern to break, and its absence is what it says in many APIs.
    assert fits(schema, value) == expected or _has_empty(value)


def _has_empty(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_empty, value))
    return value == "" or (isinstance(value, dict) and any(map(_has_empty, value.values())))
