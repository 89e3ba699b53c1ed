"""How parameters are written, and how an alternative is chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.recordings.exchange import Exchange
from pytest_prodparity.recordings.openapi.spec import Spec
from tests.recordings.openapi.specs import answering, call, spec, told

URL = "https://api.example.com"
INTEGERS = {"type": "array", "items": {"type": "integer"}}
RANGE = {"type": "object", "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}}}


def asked(folder: Path, parameter: dict[str, Any], query: str, **more: Any) -> list[str]:
    of = spec(folder, answering({}, parameters=[{"in": "query", **parameter}]))
    return told(of, call(f"GET {URL}/thing{query}", {}, **more))


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        ({"name": "ids", "schema": INTEGERS}, "?ids=1&ids=2", "?ids=1&ids=x"),
        ({"name": "ids", "schema": INTEGERS, "explode": False}, "?ids=1,2", "?ids=1,x"),
        ({"name": "ids", "schema": INTEGERS, "style": "spaceDelimited", "explode": False}, "?ids=1%202", "?ids=1%20x"),
        ({"name": "ids", "schema": INTEGERS, "style": "pipeDelimited", "explode": False}, "?ids=1|2", "?ids=1|x"),
        ({"name": "ids[]", "schema": INTEGERS}, "?ids[]=1&ids[]=2", "?ids[]=1&ids[]=x"),
        ({"name": "ids", "schema": INTEGERS}, "?ids[0]=1&ids[1]=2", "?ids[0]=1&ids[1]=x"),
        ({"name": "in", "schema": RANGE, "style": "deepObject"}, "?in[from]=1&in[to]=2", "?in[from]=x"),
        ({"name": "in", "content": {"application/json": {"schema": RANGE}}}, '?in={"from":1}', '?in={"from":"1"}'),
        ({"name": "on", "schema": {"type": "boolean"}}, "?on=True", "?on=maybe"),
        ({"name": "on", "schema": {"type": "boolean"}}, "?on=", "?on=2"),
        ({"name": "n", "schema": {"type": "number", "maximum": 3}}, "?n=2.5", "?n=3.5"),
        ({"name": "n", "schema": {"enum": [1, 2]}}, "?n=2", "?n=3"),
        ({"name": "n", "schema": {"type": "string", "minLength": 2}}, "?n=ab", "?n=a"),
    ],
)  # fmt: skip
def test_a_query_parameter_is_read_by_its_style(tmp_path: Path, parameter: dict[str, Any], good: str, bad: str) -> None:
    assert asked(tmp_path, parameter, good) == []
    assert [line.split()[1] for line in asked(tmp_path, parameter, bad)] in (["type:"], ["limit:"], ["value:"])


def test_fields_of_an_object_in_form_style_are_parameters_of_their_own(tmp_path: Path) -> None:
    assert asked(tmp_path, {"name": "in", "schema": RANGE}, "?from=1&to=2&more=3") == []


def test_a_required_parameter_is_missed_but_not_a_credential(tmp_path: Path) -> None:
    missed = "is documented as required, and missing"
    number = {"name": "page", "required": True, "schema": {"type": "integer"}}
    assert asked(tmp_path, number, "") == [f"warn missing: query parameter page {missed}"]
    assert asked(tmp_path, {**number, "name": "api_key"}, "") == []
    assert asked(tmp_path, {**number, "name": "X-Page", "in": "header"}, "") == []
    headers = {"Accept": "*/*"}
    assert asked(tmp_path, {**number, "name": "X-Page", "in": "header"}, "", headers=headers) == [
        f"warn missing: header parameter X-Page {missed}"
    ]
    assert asked(tmp_path, {**number, "name": "X-Page", "in": "header"}, "", headers={"x-page": "7"}) == []
    refused = "warn undocumented-status: response 400 is documented nowhere, documented: 200"
    assert asked(tmp_path, number, "", status=400) == [refused]


def test_a_deprecated_header_and_cookie_are_told(tmp_path: Path) -> None:
    old = {"deprecated": True, "schema": {"type": "string"}}
    headers = {"X-Old": "1", "Cookie": "a=b; old=1"}
    assert asked(tmp_path, {**old, "name": "x-old", "in": "header"}, "", headers=headers) == [
        "fail deprecated-parameter: header parameter x-old is deprecated"
    ]
    assert asked(tmp_path, {**old, "name": "old", "in": "cookie"}, "", headers=headers) == [
        "fail deprecated-parameter: cookie parameter old is deprecated"
    ]


def shapes(folder: Path, mapping: dict[str, str] | None, *, base: bool = False) -> Spec:
    """Circle and square; `base` makes them extend what is answered."""
    discriminator = {"propertyName": "type", **({"mapping": mapping} if mapping else {})}
    named: dict[str, Any] = {
        "circle": {"type": "object", "required": ["radius"], "properties": {"type": {"type": "string"}, "radius": {"type": "number"}}},
        "square": {"type": "object", "required": ["side"], "properties": {"type": {"type": "string"}, "side": {"type": "number"}}},
    }  # fmt: skip
    schema: dict[str, Any] = {"oneOf": [{"$ref": "#/components/schemas/circle"}, {"$ref": "#/components/schemas/square"}], "discriminator": discriminator}  # fmt: skip
    if base:
        named["shape"] = {"type": "object", "properties": {"type": {"type": "string"}}, "discriminator": discriminator}
        schema = {"type": "array", "items": {"$ref": "#/components/schemas/shape"}}
        for name in ("circle", "square"):
            named[name] = {"allOf": [{"$ref": "#/components/schemas/shape"}, named[name]]}
    return spec(folder, answering(schema), components={"schemas": named})


def thing(body: Any) -> Exchange:
    return call(f"GET {URL}/thing", body)


SIDE = "is documented as required, and missing"


@pytest.mark.parametrize("mapping", [None, {"Q": "#/components/schemas/square"}, {"Q": "square"}])
def test_the_discriminator_says_which_alternative_it_is(tmp_path: Path, mapping: dict[str, str] | None) -> None:
    of = shapes(tmp_path, mapping)
    name = "Q" if mapping else "square"
    assert told(of, thing({"type": name, "side": 2})) == []
    assert told(of, thing({"type": "circle", "radius": 2})) == []
    assert told(of, thing({"type": name, "radius": 2})) == [
        f"warn missing: response 200 .side {SIDE}",
        "inform undocumented-field: response 200 .radius is documented nowhere",
    ]
    assert told(of, thing({"type": "star", "side": 2})) == []


def test_a_schema_that_others_extend_is_judged_as_the_one_that_it_is(tmp_path: Path) -> None:
    of = shapes(tmp_path, None, base=True)
    assert (
        told(of, thing([{"type": "circle", "radius": 1}, {"type": "square", "side": 1}, {"type": "star", "points": 5}]))
        == []
    )
    assert told(of, thing([{"type": "circle"}])) == [f"warn missing: response 200 [].radius {SIDE}"]


def test_an_alternative_is_chosen_by_what_fits_best(tmp_path: Path) -> None:
    one = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["one"]}, "a": {"type": "integer"}, "old": {"type": "string", "deprecated": True}}}  # fmt: skip
    two = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["two"]}, "b": {"type": "integer"}}}
    of = spec(tmp_path, answering({"oneOf": [one, two, {"type": "string"}]}))
    assert told(of, thing({"kind": "two", "b": 1})) == []
    assert told(of, thing("text")) == []
    assert told(of, thing({"kind": "two", "b": "1"})) == ["fail type: response 200 .b is string, documented: integer"]
    assert told(of, thing([])) == ["fail type: response 200 is array, which none of the 3 documented alternatives is"]


def test_several_alternatives_may_fit_at_once(tmp_path: Path) -> None:
    parts = [{"type": "object", "properties": {name: {"type": "integer"}}} for name in ("a", "b")]
    for word in ("oneOf", "anyOf"):
        of = spec(tmp_path, answering({word: parts}))
        assert told(of, thing({"a": 1, "b": 2})) == []
        assert told(of, thing({"a": 1, "c": 2})) == ["inform undocumented-field: response 200 .c is documented nowhere"]


@pytest.mark.parametrize(
    ("format_", "good", "bad"),
    [("ipv4", "10.0.0.1", "10.0.0.256"), ("ipv6", "::1", "1.2.3.4"), ("email", "a@b", "a.b"), ("date", "2024-02-29", "29.2.2024"), ("uuid", "6f9619ff8b86d011b42d00c04fc964ff", "6f96")],
)  # fmt: skip
def test_a_format_is_checked(tmp_path: Path, format_: str, good: str, bad: str) -> None:
    of = spec(tmp_path, answering({"properties": {"a": {"type": "string", "format": format_}}}))
    assert told(of, thing({"a": good})) == []
    assert told(of, thing({"a": ""})) == []
    assert told(of, thing({"a": bad})) == [f"warn limit: response 200 .a is not of the documented format {format_}"]


def test_a_body_that_cannot_be_read_is_not_judged(tmp_path: Path) -> None:
    media = {"application/json": {"schema": {"type": "object"}}, "multipart/form-data": {"schema": {"type": "object"}}}
    of = spec(tmp_path, {"/thing": {"post": {"requestBody": {"content": media}, "responses": {"200": {"description": "ok"}}}}})  # fmt: skip
    from pytest_prodparity.recordings.openapi.compare import compare

    def reason(body: dict[str, str], content: str) -> str:
        judged = compare(of, call(f"POST {URL}/thing", form=body, headers={"Content-Type": content}))
        assert judged.differences == ()
        return judged.reason

    assert reason({"a": "b"}, "application/json") == "request body: it says application/json and is none"
    assert reason({"a": "b"}, "multipart/form-data; boundary=x") == "request body: multipart/form-data is not read"


def test_an_int_or_string_is_either(tmp_path: Path) -> None:
    of = spec(tmp_path, answering({"properties": {"port": {"type": "string", "format": "int-or-string"}}}))
    assert told(of, thing({"port": 80})) == told(of, thing({"port": "http"})) == []
