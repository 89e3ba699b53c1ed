"""Recordings that are no longer as their specification says: what is told, and how much it matters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.recordings.exchange import Exchange
from tests.recordings.openapi.specs import answering, call, load, spec, told
from tests.recordings.openapi.test_clean_recordings import (
    BOOKS,
    CHARGE,
    CUSTOMER,
    DOG,
    FORGE,
    INVOICE,
    ISSUE,
    PAYMENTS,
    PET,
    PETS,
    USER,
)

LIST = {"object": "list", "url": "/v1/customers", "has_more": False}
ERROR = {"error": {"type": "card_error"}}
DRIFTED: list[tuple[str, Exchange, list[str]]] = [
    (
        "payments.yaml",
        call(f"POST {PAYMENTS}/charges", CHARGE, form={"amount": "2000", "currency": "usd"}),
        ["fail deprecated-operation: POST /v1/charges is deprecated -> Payment Intents API"],
    ),
    (
        "payments.yaml",
        call(f"POST {PAYMENTS}/charges", ERROR, status=402, form={"amount": "many"}),
        ["fail deprecated-operation: POST /v1/charges is deprecated -> Payment Intents API"],
    ),
    (
        "payments.yaml",
        call(f"GET {PAYMENTS}/customers?page=2&limit=ten&sort=asc", {**LIST, "data": []}),
        [
            "fail type: query parameter limit is string, documented: integer",
            "fail deprecated-parameter: query parameter page is deprecated -> starting_after",
            "warn undocumented-parameter: query parameter sort is documented nowhere",
        ],
    ),
    (
        "payments.yaml",
        call(f"POST {PAYMENTS}/customers", CUSTOMER, form={"account_balance": "5", "items[0][quantity]": "x", "nick": "a"}),
        [
            "fail deprecated-field: request body .account_balance is deprecated -> balance",
            "fail type: request body .items[].quantity is string, documented: integer",
            "warn missing: request body .items[].price is documented as required, and missing",
            "warn undocumented-field: request body .nick is documented nowhere",
        ],
    ),
    (
        "payments.yaml",
        call(f"GET {PAYMENTS}/customers", {**LIST, "data": [{**CUSTOMER, "created": "2024-01-01", "livemode": None, "tier": 1, "account_balance": 3}]}),
        [
            "fail type: response 200 .data[].created is string, documented: integer",
            "warn null: response 200 .data[].livemode is null, documented: boolean",
            "inform deprecated-field: response 200 .data[].account_balance is deprecated -> balance",
            "inform undocumented-field: response 200 .data[].tier is documented nowhere",
        ],
    ),
    (
        "payments.yaml",
        call(f"GET {PAYMENTS}/charges/ch_1", {**CHARGE, "status": "on_hold", "customer": 7, "source": {"id": "ba", "object": "bank"}}),
        [
            "warn value: response 200 .status is 'on_hold', documented: 'failed', 'pending', 'succeeded'",
            "fail type: response 200 .customer is integer, which none of the 3 documented alternatives is",
            "warn missing: response 200 .source.routing is documented as required, and missing",
        ],
    ),
    (
        "payments.yaml",
        call("GET https://api.payments.example/v2/customers", {**LIST, "data": []}),
        ["inform version: GET /v2/customers is version v2, newer than the specification's v1"],
    ),
    ("payments.yaml", call(f"GET {PAYMENTS}/refunds", {}), ["warn undocumented-path: GET /v1/refunds is no path of the specification"]),
    (
        "payments.yaml",
        call(f"DELETE {PAYMENTS}/customers/cus_1", {}),
        ["warn undocumented-method: DELETE /v1/customers/{customer} is no method of the path, documented: GET"],
    ),
    (
        "forge.yaml",
        call(f"GET {FORGE}/users/mona/received_events", []),
        ["fail deprecated-operation: GET /users/{username}/received_events is deprecated -> GET /events"],
    ),
    (
        "forge.yaml",
        call(f"POST {FORGE}/repos/mona/app/issues", ISSUE, status=201, sent={"title": "x", "assignee": "mona"}),
        ["fail deprecated-field: request body .assignee is deprecated -> assignees"],
    ),
    (
        "forge.yaml",
        call(f"GET {FORGE}/repos/mona/app/issues?state=merged", [{**ISSUE, "number": 0, "created_at": "yesterday"}]),
        [
            "warn value: query parameter state is 'merged', documented: 'open', 'closed', 'all'",
            "warn limit: response 200 [].number is out of bounds, documented: at least 1",
            "warn limit: response 200 [].created_at is not of the documented format date-time",
        ],
    ),
    (
        "forge.yaml",
        call(f"GET {FORGE}/repos/mona/app/contents/a", {"type": "file", "path": "a", "content": "", "mode": 1}),
        ["inform undocumented-field: response 200 .mode is documented nowhere, and no further field is allowed"],
    ),
    ("forge.yaml", call(f"GET {FORGE}/user", USER, status=203), ["warn undocumented-status: response 203 is documented nowhere, documented: 200"]),
    ("forge.yaml", call(f"GET {FORGE}/user", status=503), ["inform undocumented-status: response 503 is documented nowhere, documented: 200"]),
    (
        "forge.yaml",
        call(f"GET {FORGE}/user", "page", answered={"Content-Type": "text/html"}),
        ["warn undocumented-content: response 200 body is text/html, documented: application/json"],
    ),
    ("forge.yaml", call(f"GET {FORGE}/repos/mona/app/languages", {"C": "12"}), ["fail type: response 200 .* is string, documented: integer"]),
    (
        "pets.json",
        call(f"GET {PETS}/pets/findByTags?tags=a", [PET]),
        ["fail deprecated-operation: GET /v2/pets/findByTags is deprecated -> GET /pets"],
    ),
    (
        "pets.json",
        call(f"GET {PETS}/pets?limit=500&status=lost", [{**PET, "huntingSkill": "keen"}, {**DOG, "packSize": 0}]),
        [
            "warn limit: query parameter limit is out of bounds, documented: at most 100",
            "warn value: query parameter status [] is 'lost', documented: 'available', 'sold'",
            "warn value: response 200 [].huntingSkill is 'keen', documented: 'lazy', 'aggressive'",
            "warn limit: response 200 [].packSize is out of bounds, documented: more than 0",
        ],
    ),
    (
        "pets.json",
        call(f"POST {PETS}/pets/7", form={"age": "old"}),
        [
            "fail type: request body .age is string, documented: integer",
            "warn missing: request body .name is documented as required, and missing",
        ],
    ),
    (
        "pets.json",
        call(f"POST {PETS}/pets", PET, status=201, sent={**PET, "id": 7}),
        ["inform read-only: request body .id is documented as read-only, and was sent"],
    ),
    ("pets.json", call(f"GET {PETS}/pets/mine", PET), ["warn type: path parameter id is string, documented: integer"]),
    ("pets.json", call("GET https://pets.example/v1/pets", []), ["warn version: GET /v1/pets is version v1; the specification has v2 -> GET /v2/pets"]),
    ("pets.json", call("GET https://pets.example/v1/pets", status=410), ["fail version: GET /v1/pets is version v1; the specification has v2 -> GET /v2/pets"]),
    (
        "ledger/openapi.yaml",
        call(f"GET {BOOKS}/invoices/6f9619ff-8b86-d011-b42d-00c04fc964ff", {**INVOICE, "status": "paid", "secret_note": "x", "total": {"amount": 12.5, "currency": "EUR", "vat": 1}}),
        [
            "warn missing: response 200 .paid_at is documented as required, and missing",
            "warn write-only: response 200 .secret_note is documented as write-only, and came back",
            "fail type: response 200 .total.amount is number, documented: string",
            "inform undocumented-field: response 200 .total.vat is documented nowhere, and no further field is allowed",
        ],
    ),
    (
        "ledger/openapi.yaml",
        call(f"POST {BOOKS}/webhooks/test", status=204, sent={"type": "invoice.sent", "at": 1}),
        [
            "warn missing: request body .to is documented as required, and missing",
            "warn undocumented-field: request body .at is documented nowhere",
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "exchange", "expected"), DRIFTED, ids=lambda part: part.request.url.partition("//")[2] if isinstance(part, Exchange) else "")  # fmt: skip
def test_what_has_drifted_is_told_with_its_severity(name: str, exchange: Exchange, expected: list[str]) -> None:
    assert sorted(told(load(name), exchange)) == sorted(expected)


def test_the_same_operation_in_a_newer_path_is_the_successor(tmp_path: Path) -> None:
    answers = {"responses": {"200": {"description": "ok"}}}
    of = spec(
        tmp_path,
        {
            "/2023-01/orders/{id}.json": {"get": {**answers, "deprecated": True}},
            "/2023-07/orders/{id}.json": {"get": {**answers, "deprecated": True}},
            "/2024-01/orders/{number}.json": {"get": answers},
            "/2024-04/orders/{id}.json": {"post": answers},
        },
    )
    asked = call("GET https://api.example.com/2023-01/orders/7.json")
    assert told(of, asked) == [
        "fail deprecated-operation: GET /2023-01/orders/{id}.json is deprecated -> GET /2024-01/orders/{number}.json"
    ]


@pytest.mark.parametrize(
    ("description", "successor"),
    [
        ("**Deprecated:** use [List invoices](#x) instead.", "List invoices"),
        ("This endpoint is superseded by `GET /v3/x`. It goes away.", "GET /v3/x"),
        ("Deprecated in favour of the search API", "search API"),
        ("Please migrate to /v2/things.", "/v2/things"),
        ("Deprecated since 1.2 (use `total_count`)", "total_count"),
        ("No longer supported.", ""),
        ("You can use it to fetch things.", ""),
    ],
)
def test_a_description_names_the_successor(tmp_path: Path, description: str, successor: str) -> None:
    of = spec(tmp_path, answering({}, deprecated=True, description=description))
    shown = f" -> {successor}" if successor else ""
    assert told(of, call("GET https://api.example.com/thing", {})) == [
        f"fail deprecated-operation: GET /thing is deprecated{shown}"
    ]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("x-replaced-by", "GET /things"),
        ("x-successor", {"path": "/things", "method": "get"}),
        ("x-deprecated-successor", ""),
        ("x-alternative", {"operationId": "listThings"}),
    ],
)
def test_an_extension_names_the_successor(tmp_path: Path, key: str, said: Any) -> None:
    paths = answering({}, deprecated=True, **{key: said})
    paths["/things"] = {"get": {"operationId": "listThings", "responses": {"200": {"description": "ok"}}}}
    expected = " -> GET /things" if said and key != "x-deprecated-successor" else ""
    assert told(spec(tmp_path, paths), call("GET https://api.example.com/thing", {})) == [
        f"fail deprecated-operation: GET /thing is deprecated{expected}"
    ]


def test_what_a_recorder_has_put_in_place_of_a_secret_breaks_no_rule(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string", "format": "uuid"}, "c": {"enum": ["x"]}}}  # fmt: skip
    of = spec(tmp_path, answering(schema))
    body = {"a": "REDACTED", "b": "<MY_TOKEN>", "c": "***"}
    assert told(of, call("GET https://api.example.com/thing", body)) == []
    assert len(told(of, call("GET https://api.example.com/thing", {"a": "1", "b": "2", "c": "3"}))) == 3


def test_a_remote_reference_fits_everything_and_is_named(tmp_path: Path) -> None:
    of = spec(tmp_path, answering({"$ref": "https://other.example/schema.json"}))
    assert told(of, call("GET https://api.example.com/thing", {"any": 1})) == []
    assert [place.rpartition(": ")[2] for place in of.schemas.unfollowed] == ["https://other.example/schema.json"]


def test_parts_on_the_network_are_not_missed(tmp_path: Path) -> None:
    remote = {"$ref": "https://other.example/part.yaml"}
    paths = answering({}, parameters=[remote])
    paths["/thing"]["get"]["responses"]["404"] = remote
    paths["/other"] = remote
    of = spec(tmp_path, paths)
    assert told(of, call("GET https://api.example.com/thing?page=2", {}, status=404)) == []
    assert told(of, call("PUT https://api.example.com/other?page=2", {})) == []
