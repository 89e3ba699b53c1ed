"""Recordings that are as their specification says: nothing is told, at any severity."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_prodparity.recordings.exchange import Exchange
from tests.recordings.openapi.specs import call, load, told

CARD = {"id": "card_1", "object": "card", "customer": "cus_1", "last4": "4242", "exp_month": 4, "exp_year": 2030, "brand": "Visa"}  # fmt: skip
CUSTOMER = {
    "id": "cus_1", "object": "customer", "address": None, "balance": 0, "created": 1700000000, "default_source": "card_1",
    "email": None, "livemode": False, "metadata": {"order_id": "6735"}, "sources": {"data": [CARD], "has_more": False},
}  # fmt: skip
CHARGE = {
    "id": "ch_1", "object": "charge", "amount": 2000, "currency": "usd", "customer": None, "paid": True,
    "status": "succeeded", "failure_code": None, "outcome": {"type": "authorized", "risk_score": 12}, "source": CARD,
}  # fmt: skip
PAYMENTS = "https://api.payments.example/v1"
PAYMENT_CALLS = [
    call(f"GET {PAYMENTS}/customers?limit=3&created[gte]=1700000000&expand[]=data.default_source", {"object": "list", "url": "/v1/customers", "has_more": False, "data": [CUSTOMER, {**CUSTOMER, "default_source": CARD, "address": {"city": "Oslo", "country": None}}]}),
    call(f"GET {PAYMENTS}/customers?created=1700000000&expand[0]=data.sources&expand[1]=data.cards", {"object": "list", "url": "/v1/customers", "has_more": False, "data": []}),
    call(f"POST {PAYMENTS}/customers", CUSTOMER, form={"email": "a@example.com", "balance": "-5", "address[city]": "Oslo", "metadata[6735]": "x", "metadata[7]": "y", "expand[]": "sources", "items[0][price]": "price_1", "items[0][quantity]": "2", "items[1][price]": "price_2"}),
    call(f"POST {PAYMENTS}/customers", CUSTOMER, form={"address": "", "metadata": ""}),
    call(f"POST {PAYMENTS}/customers", CUSTOMER),
    call(f"GET {PAYMENTS}/customers/cus_1", CUSTOMER),
    call(f"GET {PAYMENTS}/customers/cus_2", {"id": "cus_2", "object": "customer", "deleted": True}),
    call(f"GET {PAYMENTS}/customers/cus_3", {"error": {"type": "invalid_request_error", "message": "No such customer", "param": "id"}}, status=404),
    call(f"GET {PAYMENTS}/charges/ch_1?expand[]=customer", {**CHARGE, "customer": CUSTOMER}),
    call(f"GET {PAYMENTS}/charges/ch_1", {**CHARGE, "source": {"id": "ba_1", "object": "bank", "routing": "110000000"}}),
    call(f"GET {PAYMENTS}/charges/ch_1", {**CHARGE, "outcome": None, "customer": {"id": "cus_2", "object": "customer", "deleted": True}}),
    call(f"GET {PAYMENTS}/charges/ch_1", {"error": {"type": "api_error"}}, status=500),
    call("POST https://api.payments.example/oauth/token", {"access_token": "REDACTED", "expires_in": 3600}, form={"grant_type": "client_credentials"}),
]  # fmt: skip

USER = {
    "login": "mona",
    "id": 1 << 40,
    "name": None,
    "url": "https://api.forge.example/users/mona",
    "site_admin": False,
}
ISSUE = {
    "id": 12, "number": 3, "title": "Broken", "state": "closed", "state_reason": None, "locked": False, "user": USER,
    "assignees": [USER], "labels": [{"id": 1, "name": "bug", "color": "ff00aa", "description": None}, "old"],
    "milestone": {"number": 1, "due_on": None}, "created_at": "2011-04-22T13:33:48Z", "closed_at": "2024-01-31T23:59:60.123+02:00",
    "reactions": {"+1": 3, "-1": 0, "total_count": 3}, "body": None,
}  # fmt: skip
FORGE = "https://api.forge.example"
FORGE_CALLS = [
    call(f"GET {FORGE}/repos/mona/app/issues?state=all&labels=bug,ui&since=2024-01-01T00:00:00Z&per_page=100&page=2", [ISSUE, {**ISSUE, "user": None, "milestone": None, "assignees": None}]),
    call(f"GET {FORGE}/repos/mona/app/issues", [], answered={"Link": '<https://api.forge.example/x?page=2>; rel="next"'}),
    call(f"GET {FORGE}/repos/mona/gone/issues", {"message": "Not Found", "documentation_url": "https://x", "status": "404"}, status=404),
    call(f"GET {FORGE}/repos/mona/app/issues?per_page=abc", {"message": "no", "errors": [{"field": "per_page", "code": "invalid"}, "other"]}, status=422),
    call(f"GET {FORGE}/repos/mona/app/issues/3/timeline", [{**ISSUE, "repository_url": "https://x"}]),
    call(f"POST {FORGE}/repos/mona/app/issues", ISSUE, status=201, sent={"title": "Broken", "labels": ["bug"], "assignees": []}),
    call(f"POST {FORGE}/repos/mona/app/issues", {"message": "Validation Failed"}, status=422, sent={"titel": 3}),
    call(f"GET {FORGE}/repos/mona/app/contents/src/app/main.py?ref=main", {"type": "file", "path": "src/app/main.py", "content": "YQ==", "size": 1, "sha": "a"}),
    call(f"GET {FORGE}/repos/mona/app/contents/src", [{"type": "dir", "path": "src/app", "size": 0, "sha": "b"}]),
    call(f"GET {FORGE}/repos/mona/app/contents/README", status=304),
    call(f"GET {FORGE}/repos/mona/app/compare/main...feature%2Fone", {"status": "ahead", "ahead_by": 2}),
    call(f"GET {FORGE}/repos/mona/app/compare/main...feature/one", {"status": "ahead", "ahead_by": 2.0}),
    call(f"GET {FORGE}/repos/mona/app/languages", {"Python": 81234, "C": 12}),
    call(f"HEAD {FORGE}/user"),
    call(f"GET {FORGE}/user", {**USER, "email": "REDACTED", "url": "REDACTED", "id": "REDACTED"}),
    call(f"OPTIONS {FORGE}/user", status=204),
    call(f"GET {FORGE}/user", USER, answered={"Content-Type": "application/vnd.forge.v3+json"}),
    call(f"GET {FORGE}/user", USER, answered={"Content-Type": ""}),
    call(f"GET {FORGE}/repos/mona/app/contents/a", b"".decode(), answered={"Content-Type": "application/vnd.forge.raw"}),
    call(f"GET {FORGE}/repos/mona/app/issues?since=2024-01-01T00:00:00+02:00", []),
    call(f"POST {FORGE}/repos/mona/app/issues", ISSUE, status=201, sent={"title": 3}, headers={"Content-Type": ""}),
]  # fmt: skip

PET = {"id": 7, "name": "Tom", "petType": "Cat", "huntingSkill": "lazy", "owner": None}
DOG = {
    "id": 8,
    "name": "Rex",
    "petType": "Dog",
    "packSize": 1,
    "parents": [PET, {"name": "?", "petType": "Bird", "wings": 2}],
}
PETS = "https://pets.example/v2"
PET_CALLS = [
    call(f"GET {PETS}/pets?limit=100&status=available&status=sold&tags=a,b", [PET, DOG]),
    call(f"GET {PETS}/pets?pet_pass=x", []),
    call(f'GET {PETS}/pets?status=["available","sold"]', []),
    call(f"POST {PETS}/pets/7", form={"name": "Tom"}, headers={"Content-Type": ""}),
    call(f"POST {PETS}/pets", DOG, status=201, sent={"name": "Rex", "petType": "Dog", "packSize": 1}),
    call(f"POST {PETS}/pets", status=405, sent={"name": 3}),
    call(f"GET {PETS}/pets/7", PET),
    call(f"GET {PETS}/pets/9", {"code": 5, "message": "none"}, status=404),
    call(f"POST {PETS}/pets/7", form={"name": "Tom", "age": "3"}),
    call(f"DELETE {PETS}/pets/7", status=204),
    call(f"GET {PETS}/photo/7", answered={"Content-Type": "image/png"}),
]  # fmt: skip

MONEY = {"amount": "12.50", "currency": "EUR"}
INVOICE = {
    "id": "6f9619ff-8b86-d011-b42d-00c04fc964ff", "status": "no", "issued": "2024-02-29", "total": MONEY, "extra": [1], "x_ref": "a",
    "lines": [{"text": "a", "price": MONEY, "children": [{"text": "b", "price": MONEY, "children": []}]}],
}  # fmt: skip
BOOKS = "https://eu.books.example/api/v2"
BOOK_CALLS = [
    call(f"GET {BOOKS}/invoices/6f9619ff-8b86-d011-b42d-00c04fc964ff", INVOICE),
    call(f"GET {BOOKS}/invoices/6f9619ff-8b86-d011-b42d-00c04fc964ff", {**INVOICE, "status": "paid", "paid_at": "2024-03-01T00:00:00Z"}),
    call(f"GET {BOOKS}/invoices/7", {"title": "no", "status": 404}, status=404, answered={"Content-Type": "application/problem+json"}),
    call(f"GET {BOOKS}/invoices?filter[status]=paid&filter[total][gte]=10.5", [INVOICE], answered={"Content-Type": "application/vnd.books+json"}),
    call(f"POST {BOOKS}/webhooks/test", status=202, sent={"type": "invoice.paid", "at": 1700000000, "invoice": INVOICE}),
    call(f"POST {BOOKS}/webhooks/test", status=204, sent={"type": "invoice.sent", "to": "a@example.com"}),
]  # fmt: skip

RECORDINGS: dict[str, list[Exchange]] = {
    "payments.yaml": PAYMENT_CALLS, "forge.yaml": FORGE_CALLS, "pets.json": PET_CALLS, "ledger/openapi.yaml": BOOK_CALLS,
}  # fmt: skip


def _cases() -> list[Any]:
    return [
        pytest.param(name, exchange, id=f"{name.partition('.')[0]}-{at}")
        for name, calls in RECORDINGS.items()
        for at, exchange in enumerate(calls)
    ]


@pytest.mark.parametrize(("name", "exchange"), _cases())
def test_a_recording_that_is_as_documented_is_not_accused(name: str, exchange: Exchange) -> None:
    assert told(load(name), exchange) == []
