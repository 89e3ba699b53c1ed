"""`prodparity drift --cassettes`, as a job types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project import Project, run_command

SPEC = """\
openapi: 3.0.0
info: { title: Books, version: "2024-01" }
servers: [{ url: "https://api.books.example" }]
paths:
  /v1/invoices/{id}:
    get:
      deprecated: true
      responses: { "200": { description: ok, content: { application/json: { schema: { $ref: "#/components/schemas/Invoice" } } } } }
  /v2/invoices/{id}:
    get:
      responses: { "200": { description: ok, content: { application/json: { schema: { $ref: "#/components/schemas/Invoice" } } } } }
components:
  schemas:
    Invoice: { type: object, required: [total], properties: { total: { type: integer }, status: { type: string, enum: [paid, sent] } } }
"""
INTERACTION = """\
- request: {{body: null, headers: {{}}, method: GET, uri: "{url}"}}
  response: {{body: {{string: '{body}'}}, headers: {{Content-Type: [application/json]}}, status: {{code: 200, message: OK}}}}
"""


def cassette(*interactions: tuple[str, str]) -> str:
    """Of URL and JSON body."""
    return "version: 1\ninteractions:\n" + "".join(INTERACTION.format(url=url, body=body) for url, body in interactions)


OLD = ("https://api.books.example/v1/invoices/7", '{"total": "12.50", "status": "lost", "new": 1}')
NEW = ("https://api.books.example/v2/invoices/7", '{"total": 1250, "status": "paid"}')


@pytest.fixture
def here(tmp_path: Path) -> Project:
    return Project(tmp_path, tmp_path / "cache").write(
        {"openapi.yaml": SPEC, "tests/cassettes/flow.yaml": cassette(NEW)}
    )


def test_clean_recordings_are_told_to_be_clean(here: Project) -> None:
    out = run_command(here, "drift", "--cassettes", "--openapi", "openapi.yaml")
    assert out == (
        "API drift: 1 interactions in 1 cassettes · openapi.yaml (Books 2024-01) · 1 judged by it\n\n0 fail, 0 warn, 0 inform\n"
    )


def test_drift_is_shown_with_its_place_and_its_successor(here: Project) -> None:
    here.write({"tests/cassettes/old.yaml": cassette(OLD, OLD)})
    out = run_command(here, "drift", "--cassettes", "tests", "--openapi", "openapi.yaml", status=1)
    assert (
        out
        == """\
API drift: 3 interactions in 2 cassettes · openapi.yaml (Books 2024-01) · 3 judged by it

GET /v1/invoices/{id}
  fail   the operation is deprecated
         use instead: GET /v2/invoices/{id}
         tests/cassettes/old.yaml interaction 0, 2 times · openapi.yaml#/paths/~1v1~1invoices~1{id}/get
  fail   response 200 .total is string, documented: integer
         tests/cassettes/old.yaml interaction 0, 2 times · openapi.yaml#/components/schemas/Invoice/properties/total
  warn   response 200 .status is 'lost', documented: 'paid', 'sent'
         tests/cassettes/old.yaml interaction 0, 2 times · openapi.yaml#/components/schemas/Invoice/properties/status

2 fail, 1 warn, 1 inform (-v shows them)
"""
    )
    shown = run_command(here, "drift", "--cassettes", "tests", "--openapi", "openapi.yaml", "-v", status=1)
    assert "  inform response 200 .new is documented nowhere\n" in shown


def test_json_is_for_tools(here: Project) -> None:
    here.write({"tests/cassettes/old.yaml": cassette(OLD, ("https://cdn.example/a", "{}"))})
    out = json.loads(
        run_command(here, "drift", "--cassettes", "--openapi", "openapi.yaml", "--format", "json", status=1)
    )
    assert (out["format"], out["interactions"], out["judged"], out["judged_live"]) == (1, 3, 2, None)
    assert out["not_judged"] == [{"reason": "no specification is about cdn.example", "count": 1}]
    assert out["differences"][0] == {
        "rule": "deprecated-api", "severity": "fail", "kind": "deprecated-operation", "operation": "GET /v1/invoices/{id}",
        "where": "", "told": "is deprecated", "successor": "GET /v2/invoices/{id}",
        "source": "openapi.yaml#/paths/~1v1~1invoices~1{id}/get", "cassette": "tests/cassettes/old.yaml",
        "interaction": 0, "times": 1,
    }  # fmt: skip


def test_the_severity_that_fails_can_be_chosen(here: Project) -> None:
    here.write({"tests/cassettes/flow.yaml": cassette((NEW[0], '{"total": 1, "new": 2}'))})
    arguments = ("drift", "--cassettes", "--openapi", "openapi.yaml")
    run_command(here, *arguments)
    run_command(here, *arguments, "--fail-on", "warn")
    run_command(here, *arguments, "--fail-on", "inform", status=1)


def test_a_sandbox_is_the_same_api_when_it_is_named(here: Project) -> None:
    here.write({"tests/cassettes/flow.yaml": cassette((OLD[0].replace("api.", "sandbox."), OLD[1]))})
    arguments = ("drift", "--cassettes", "--openapi", "openapi.yaml")
    out = run_command(here, *arguments, status=2)
    assert (
        "No interaction is with an API that openapi.yaml describes: its servers are https://api.books.example." in out
    )
    assert "The cassettes are of sandbox.books.example.\n" in out
    assert "To fix: --server https://sandbox.books.example/" in out
    out = run_command(here, *arguments, "--server", "https://sandbox.books.example", status=1)
    assert "fail   the operation is deprecated" in out


WRONG = [
    (("--live",), "--live is for recorded HTTP flows.\nTo fix: prodparity drift --cassettes tests/cassettes"),
    ((), "drift needs to know what to compare.\nLooked in: the argument, PRODPARITY_PRODUCTION_URL, --cassettes"),
    (("--cassettes", "none"), "There is no cassette 'none'."),
    (("--cassettes", "empty"), "There is no cassette in 'empty'."),
    (("--cassettes", "openapi.yaml"), "openapi.yaml is no cassette: it has no 'interactions' at its top."),
    (("--cassettes", "--openapi", "none.yaml"), "none.yaml does not exist."),
    (("--cassettes", "--openapi", "tests/cassettes/flow.yaml"), "flow.yaml is no OpenAPI specification"),
    (("--cassettes", "--server", "https://a"), "--server is about --openapi, and there is none."),
    (("--cassettes", "--openapi", "openapi.yaml", "--server", "a.b"), "--server: 'a.b' is no base URL."),
    (("--cassettes", "--header", "A: b"), "--header and --query are about --live; nothing is sent without it."),
    (("--cassettes", "--host", "api.book.example"), "no cassette has an interaction with 'api.book.example' (did you mean 'api.books.example'?)."),
    (("--cassettes", "--live", "--header", "Authorization Bearer"), "--header: there is no name and ':' at its beginning."),
    (("--cassettes", "--live", "--header", "Authorization: Bearer s3cret"), "--header: the value of Authorization stands on the command line, where others can read it."),
    (("--cassettes", "--live", "--query", "api_key={NOT_SET_HERE}"), "--query: the environment variable NOT_SET_HERE is not set."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"), WRONG, ids=lambda part: " ".join(part) if isinstance(part, tuple) else ""
)
def test_wrong_use_is_one_message(here: Project, arguments: tuple[str, ...], said: str) -> None:
    (here.folder / "empty").mkdir()
    out = run_command(here, "drift", *arguments, status=2)
    assert said in out
    assert "s3cret" not in out
    assert "Traceback" not in out


def test_a_torn_cassette_stops_with_its_name(here: Project) -> None:
    here.write({"tests/cassettes/torn.yaml": cassette(NEW)[:-30]})
    out = run_command(here, "drift", "--cassettes", status=2)
    assert "prodparity: Cassette tests/cassettes/torn.yaml is torn in line " in out


def test_live_refuses_in_a_test_run(here: Project) -> None:
    out = run_command(here, "drift", "--cassettes", "--live", status=2, environment={"PYTEST_CURRENT_TEST": "x"})
    assert "--live in a test: a test run never connects to production." in out


def test_a_credential_goes_to_one_host_only(here: Project) -> None:
    here.write({"tests/cassettes/b.yaml": cassette(("https://other.example/a", "{}"))})
    out = run_command(here, "drift", "--cassettes", "--live", "--header", "Authorization: {T}", status=2, environment={"T": "s3cret"})  # fmt: skip
    assert (
        "A credential would go to 2 hosts: api.books.example, other.example.\nTo fix: --host api.books.example" in out
    )
