"""Deprecated calls: by header fields, by specification, and what is not yet in force."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pytest_prodparity.recordings.announcements import announced
from pytest_prodparity.recordings.difference import Severity
from pytest_prodparity.recordings.drift import compare, deprecated
from pytest_prodparity.recordings.exchange import Exchange
from pytest_prodparity.recordings.reading import Recorded
from tests.recordings.openapi.specs import answering, call, line, load, spec

NOW = datetime(2024, 6, 1, tzinfo=UTC)
URL = "GET https://api.example.com/v1/things?id=7"
HEADERS: list[tuple[dict[str, str], list[str]]] = [
    ({}, []),
    ({"Deprecation": "@1688169599"}, ["fail deprecated-header: GET /v1/things is deprecated since 2023-06-30"]),
    ({"Deprecation": "@1748736000"}, ["warn deprecated-header: GET /v1/things is announced as deprecated from 2025-06-01 on"]),
    ({"deprecation": "true", "Link": '</v2/things>; rel="successor-version"'}, ["fail deprecated-header: GET /v1/things is deprecated -> https://api.example.com/v2/things"]),
    ({"Deprecation": "Sun, 11 Nov 2018 23:59:59 GMT", "Link": '<https://x.example/a,b>; title="a; b, c"; rel="alternate deprecation"'}, ["fail deprecated-header: GET /v1/things is deprecated since 2018-11-11 -> see https://x.example/a,b"]),
    ({"Deprecation": "false"}, []),
    ({"Deprecation": "?0"}, []),
    ({"Deprecation": "soon"}, []),
    ({"Deprecation": "@99999999999999"}, []),
    ({"Sunset": "Sat, 31 Dec 2022 23:59:59 GMT"}, ["fail sunset: GET /v1/things has reached its end of life on 2022-12-31"]),
    ({"Sunset": "Sun, 30 Jun 2024 00:00:00 GMT"}, ["warn sunset: GET /v1/things ends on 2024-06-30, in 29 days"]),
    ({"Sunset": "no day"}, []),
    ({"Warning": '299 - "Deprecated API: use v2"'}, ["fail deprecated-header: GET /v1/things is deprecated"]),
    ({"Warning": '199 - "Miscellaneous"'}, []),
    ({"X-Shop-API-Deprecated-Reason": "https://x.example"}, ["fail deprecated-header: GET /v1/things is deprecated"]),
    ({"X-Deprecated": "false"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), HEADERS)
def test_header_fields_announce_an_end(fields: dict[str, str], expected: list[str]) -> None:
    asked = call(URL, answered=fields)
    assert [line(one) for one in announced(asked.request, asked.response, now=NOW)] == expected


@pytest.mark.parametrize(
    ("url", "sent", "answered", "expected"),
    [
        (URL, {"Shop-Version": "2022-08-01"}, {"Shop-Version": "2022-08-01"}, []),
        (URL, {"Shop-Version": "2022-08-01"}, {"shop-version": "2024-04-10"}, ["was asked for as version 2022-08-01, and answered as 2024-04-10"]),
        (URL, {"X-API-Version": "2"}, {"X-Api-Version": "2.14.3"}, []),
        (URL, {"X-API-Version": "v2"}, {"X-Api-Version": "3"}, ["was asked for as version v2, and answered as 3"]),
        (URL, {"X-Forge-Api-Version": "2022-11-28"}, {"x-forge-api-version-selected": "2022-11-28"}, []),
        (URL, {}, {"X-Api-Version": "1.4.2"}, []),
        (URL, {"X-API-Version": "2"}, {"X-Api-Version": "build 77af"}, []),
        ("GET https://x.example/admin/api/2019-07/orders.json", {}, {"X-Shop-API-Version": "2023-04"}, ["was asked for as version 2019-07, and answered as 2023-04"]),
        ("GET https://x.example/admin/api/2019-07/orders.json", {}, {"X-Shop-API-Version": "2019-07"}, []),
        ("GET https://x.example/a?api-version=2019-07-01", {}, {"api-version": "2021-01-01"}, ["was asked for as version 2019-07-01, and answered as 2021-01-01"]),
        (URL, {"MIME-Version": "1.0"}, {"MIME-Version": "2.0"}, []),
    ],
)  # fmt: skip
def test_an_answer_in_another_version_is_told(
    url: str, sent: dict[str, str], answered: dict[str, str], expected: list[str]
) -> None:
    asked = call(url, headers=sent, answered=answered)
    assert [one.told for one in announced(asked.request, asked.response, now=NOW)] == expected


def test_a_deprecated_call_is_accused_with_its_successor(tmp_path: Path) -> None:
    old = spec(tmp_path, answering({}, deprecated=True, description="Use `GET /things` instead."))
    asked = call("GET https://api.example.com/thing?x=1", {})
    accusation = deprecated(asked.request, asked.response, specs=[old])
    assert accusation is not None
    assert accusation.rule == "deprecated-api"
    assert accusation.title == "calls GET /thing, which is deprecated"
    assert accusation.subject == "GET /thing"
    assert accusation.evidence == {"source": "openapi.json#/paths/~1thing/get", "successor": "GET /things"}
    elsewhere = call("GET https://other.example/thing", {})
    assert deprecated(elsewhere.request, elsewhere.response, specs=[old]) is None
    assert deprecated(asked.request, asked.response) is None


def test_a_deprecated_parameter_and_field_are_accused(tmp_path: Path) -> None:
    forge = load("forge.yaml")
    sent = {"title": "x", "assignee": "mona"}
    asked = call("POST https://api.forge.example/repos/a/b/issues", status=201, sent=sent)
    accusation = deprecated(asked.request, asked.response, specs=[forge])
    assert accusation is not None
    assert accusation.title == "sends request body .assignee to POST /repos/{owner}/{repo}/issues, which is deprecated"
    fine = call("POST https://api.forge.example/repos/a/b/issues", status=201, sent={"title": "x"})
    assert deprecated(fine.request, fine.response, specs=[forge]) is None


def test_what_is_only_announced_is_not_accused_before_its_time() -> None:
    asked = call(URL, answered={"Deprecation": "@1748736000"})
    assert deprecated(asked.request, asked.response, now=NOW.timestamp()) is None
    later = deprecated(asked.request, asked.response, now=1748736001)
    assert later is not None
    assert later.title == "calls GET /v1/things, which is deprecated since 2025-06-01"


def recorded(*exchanges: Exchange) -> list[Recorded]:
    return [Recorded(path=Path("flow.yaml"), exchanges=exchanges)]


def test_the_same_difference_is_told_once_with_how_often(tmp_path: Path) -> None:
    of = spec(tmp_path, answering({"properties": {"a": {"type": "string"}}}))
    calls = [call(f"GET https://api.example.com/thing?at={n}", {"a": n}, number=n) for n in range(3)]
    outcome = compare(recorded(*calls), specs=[of], now=NOW)
    assert [(one.kind, one.times, one.number) for one in outcome.differences] == [
        ("type", 3, 0),
        ("undocumented-parameter", 3, 0),
    ]
    assert outcome.worst is Severity.FAIL
    assert (outcome.interactions, outcome.judged) == (3, 3)


def test_other_hosts_and_unread_bodies_are_counted_as_not_judged(tmp_path: Path) -> None:
    of = spec(tmp_path, answering({"type": "object"}))
    odd = call("GET https://api.example.com/thing", {}, answered={"Content-Encoding": "zstd"})
    outcome = compare(recorded(call("GET https://cdn.example.com/x"), odd), specs=[of], now=NOW)
    assert outcome.differences == ()
    assert outcome.untold == (
        ("no specification is about cdn.example.com", 1),
        ("response 200 body: its content coding 'zstd' is not known", 1),
    )


def test_a_specification_without_hosts_is_about_those_that_have_its_operations(tmp_path: Path) -> None:
    of = spec(tmp_path, answering({}), servers=[{"url": "/v1"}])
    calls = [call("GET https://a.example/v1/thing", {}), call("GET https://a.example/v1/other", {}), call("GET https://b.example/v1/other", {})]  # fmt: skip
    outcome = compare(recorded(*calls), specs=[of], now=NOW)
    assert [line(one) for one in outcome.differences] == [
        "warn undocumented-path: GET /v1/other is no path of the specification"
    ]
    assert outcome.untold == (("no specification is about b.example", 1),)


def test_a_specification_whose_host_is_a_variable_names_none(tmp_path: Path) -> None:
    servers = [{"url": "{protocol}://{hostname}/api/v3", "variables": {"hostname": {"default": "HOSTNAME"}}}]
    of = spec(tmp_path, answering({}), servers=servers)
    calls = [call("GET https://forge.corp.example/api/v3/thing", {}), call("GET https://elsewhere.example/login", {})]
    outcome = compare(recorded(*calls), specs=[of], now=NOW)
    assert outcome.differences == ()
    assert outcome.untold == (("no specification is about elsewhere.example", 1),)
