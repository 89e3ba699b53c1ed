"""Files that are no specification, or refer to what is not there: one clear message each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_prodparity.recordings.openapi.document import SpecError
from pytest_prodparity.recordings.openapi.spec import Spec
from tests.recordings.openapi.specs import answering, call, spec, told

THING = call("GET https://api.example.com/thing", {"a": {"a": 1}})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.yaml", "hello", "is no OpenAPI specification: it has neither 'openapi' nor 'swagger' at its top."),
        ("a.yaml", "- openapi", "is no OpenAPI specification"),
        ("a.yaml", "", "is no OpenAPI specification"),
        ("a.yaml", "openapi: 3.0.0\npaths: [", "is no YAML in line "),
        ("a.json", '{"openapi": "3.0.0",', "is no JSON: Expecting property name"),
        ("a.json", '{"openapi": "4.0.0", "paths": {"/a": {}}}', "is version '4.0.0' of OpenAPI; 2.0, 3.0 and 3.1 can be read."),
        ("a.json", '{"swagger": "1.2", "paths": {"/a": {}}}', "is version '1.2' of OpenAPI"),
        ("a.json", '{"openapi": "3.0.0", "paths": {}}', "describes no paths."),
        ("a.yaml", "a: !!python/object/apply:os.system [x]", "is no YAML in line 1: could not determine a constructor"),
        ("a.yaml", "[" * 9000, "is no YAML"),
        ("a.json", "[" * 900_000, "is nested too deeply."),
    ],
)  # fmt: skip
def test_a_file_that_is_no_specification_is_one_message(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        Spec.load(tmp_path / name)
    assert said in str(raised.value)
    assert name in str(raised.value)


def test_a_file_that_is_not_there_or_no_text_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"none\.yaml does not exist\.\nTo fix: give the vendor's OpenAPI file"):
        Spec.load(tmp_path / "none.yaml")
    (tmp_path / "a.yaml").write_bytes(b"openapi: \xff")
    with pytest.raises(SpecError, match="is not UTF-8: invalid start byte at byte 9"):
        Spec.load(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "#/components/schemas/Gone"}, "$ref '#/components/schemas/Gone' leads nowhere: openapi.json#/components/schemas has no 'Gone'."),
        ({"properties": {"a": {"$ref": "#/nothing/here"}}}, "leads nowhere: openapi.json#/ has no 'nothing'."),
        ({"$ref": "other.yaml#/A"}, "$ref 'other.yaml#/A': "),
        ({"$ref": "#/components/schemas/Round"}, "leads back to itself.\nFollowed "),
        ({"$ref": "#/components/schemas/Deep"}, "holds itself without end."),
    ],
)  # fmt: skip
def test_a_reference_that_leads_nowhere_or_round_is_one_message(tmp_path: Path, schema: object, said: str) -> None:
    named = {
        "Round": {"$ref": "#/components/schemas/Other"},
        "Other": {"$ref": "#/components/schemas/Round"},
        "Deep": {"allOf": [{"$ref": "#/components/schemas/Deep"}, {"type": "object"}]},
        "Tree": {"properties": {"a": {"$ref": "#/components/schemas/Tree"}}},
    }
    of = spec(tmp_path, answering(schema), components={"schemas": named})
    with pytest.raises(SpecError) as raised:
        told(of, THING)
    assert said in str(raised.value)


def test_a_schema_that_holds_itself_in_its_fields_is_followed(tmp_path: Path) -> None:
    tree = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Tree"}, "b": {"type": "string"}}}
    of = spec(tmp_path, answering({"$ref": "#/components/schemas/Tree"}), components={"schemas": {"Tree": tree}})
    deep = call("GET https://api.example.com/thing", {"a": {"a": {"b": 1}}})
    assert told(of, deep) == ["fail type: response 200 .a.a.b is integer, documented: string"]


@pytest.mark.parametrize("odd", [None, 3, "x", [], [1], {"$ref": 3}, {"type": 7}, {"properties": []}, {"properties": {"a": "x"}}, {"enum": 3}, {"items": "x"}, {"allOf": {}}, {"required": "a"}, {"oneOf": [None]}, {"discriminator": 3}, {"pattern": "("}, {"minimum": "x"}, {"additionalProperties": "x"}])  # fmt: skip
def test_a_schema_that_is_none_accuses_nobody(tmp_path: Path, odd: object) -> None:
    assert told(spec(tmp_path, answering(odd)), THING) == []


@pytest.mark.parametrize("odd", [None, 3, "x", [], {"parameters": 3}, {"parameters": [3]}, {"responses": []}, {"responses": {"200": None}}, {"requestBody": 3, "responses": {"200": {}}}])  # fmt: skip
def test_an_operation_that_is_none_stops_nothing(tmp_path: Path, odd: object) -> None:
    for line in told(spec(tmp_path, {"/thing": {"get": odd}}), THING):
        assert "documented" in line or "method" in line


def test_words_of_yaml_that_are_booleans_or_days_elsewhere_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "openapi: 3.0.0\nservers: [{url: https://api.example.com}]\npaths:\n  /thing:\n    get:\n      responses:\n        200:\n"
        "          content: {application/json: {schema: {properties: {a: {enum: [no, on, 12:30, 2024-01-31]}}}}}\n",
        encoding="utf-8",
    )
    of = Spec.load(path)
    for value in ("no", "on", "12:30", "2024-01-31"):
        assert told(of, call("GET https://api.example.com/thing", {"a": value})) == []
    assert json.dumps(told(of, call("GET https://api.example.com/thing", {"a": "off"}))).count(
        "is 'off', documented: 'no', 'on'"
    )


@pytest.mark.parametrize("pattern", ["^(a+)+$", "/^[0-9]+$/i", r"^\p{Lu}+$", "(?<year>x", "[[:digit:]]x|a"])
def test_a_pattern_of_another_language_or_one_that_could_take_for_ever_accuses_nobody(
    tmp_path: Path, pattern: str
) -> None:
    of = spec(tmp_path, answering({"properties": {"a": {"type": "string", "pattern": pattern}}}))
    assert told(of, call("GET https://api.example.com/thing", {"a": "a" * 64 + "!"})) == []
