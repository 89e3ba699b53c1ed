"""The live API asked again: a server on loopback that answers as the test says."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.recordings import live
from pytest_prodparity.recordings.drift import Outcome
from pytest_prodparity.recordings.exchange import Exchange
from pytest_prodparity.recordings.live import Access, Patience
from pytest_prodparity.recordings.reading import Recorded
from tests.project import Project, run_command
from tests.recordings.openapi.specs import call, line

NOW = datetime(2024, 6, 1, tzinfo=UTC)
SOON = Patience(attempts=4, timeout=20, initial=0.01, longest=0.05, jitter=0.01)


@dataclass
class Vendor:
    """Answers are taken in order, the last one again and again; each is (status, headers, body)."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def will(self, body: Any = None, *, status: int = 200, **headers: str) -> Vendor:
        """Add an answer."""
        fields = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        self.answers.append((status, fields, body if isinstance(body, bytes) else json.dumps(body).encode()))
        return self


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    made = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append((self.command, self.path, {name.lower(): text for name, text in self.headers.items()}))
            status, headers, body = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_POST = do_GET  # noqa: N815  # http.server's names

        def log_message(self, *arguments: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()
    thread.join(10)


def again(*exchanges: Exchange, access: Access | None = None) -> Outcome:
    return live.compare(
        [Recorded(path=Path("flow.yaml"), exchanges=exchanges)], access=access or Access(), now=NOW, patience=SOON
    )


def lines(outcome: Outcome) -> list[str]:
    return [line(one) for one in outcome.differences]


def test_shapes_are_compared_with_three_severities(vendor: Vendor) -> None:
    vendor.will({"a": "1", "new": 1, "list": []})
    outcome = again(call(f"GET {vendor.url}/things?x=1", {"a": 1, "old": 2, "list": [{"b": 1}]}))
    assert lines(outcome) == [
        "fail type: response 200 .a is text, was number",
        "warn missing: response 200 .old is missing, was there",
        "inform new-field: response 200 .new is new",
    ]
    assert outcome.judged == 1
    assert [(method, path) for method, path, _ in vendor.asked] == [("GET", "/things?x=1")]


def test_only_get_and_head_are_sent_and_each_once(vendor: Vendor) -> None:
    vendor.will({"a": 1})
    calls = [
        call(f"GET {vendor.url}/a", {"a": 1}),
        call(f"GET {vendor.url}/a", {"a": 1}),
        call(f"HEAD {vendor.url}/b"),
        call(f"POST {vendor.url}/a", {"a": 1}, sent={}),
        call(f"DELETE {vendor.url}/a", {}),
        call(f"GET {vendor.url}/oauth/authorize?x=1", {}),
        call(f"GET {vendor.url}/v1/logout", {}),
        call(f"GET {vendor.url}/c", {}, status=404),
    ]
    outcome = again(*calls)
    assert [(method, path) for method, path, _ in vendor.asked] == [("GET", "/a"), ("HEAD", "/b")]
    assert dict(outcome.untold) == {
        "not asked again: only GET and HEAD are": 2,
        "not asked again: its path may do something": 2,
        "not asked again: it was not answered with success when recorded": 1,
    }


def test_recorded_credentials_are_never_sent_and_declared_ones_are(vendor: Vendor) -> None:
    vendor.will({})
    recorded = {"Authorization": "Bearer placeholder", "Cookie": "a=b", "X-Api-Key": "k", "Accept": "application/json", "Shop-Version": "2024-01"}  # fmt: skip
    access = Access(headers=(("Authorization", "Bearer true"),), query=(("key", "mine"),))
    again(call(f"GET {vendor.url}/a?key=placeholder&b=1", {}, headers=recorded), access=access)
    [(_, path, headers)] = vendor.asked
    assert path == "/a?b=1&key=mine"
    assert headers["authorization"] == "Bearer true"
    assert headers["accept"] == "application/json"
    assert headers["shop-version"] == "2024-01"
    assert not {"cookie", "x-api-key"} & set(headers)
    assert "true" not in repr(access)
    assert "mine" not in repr(access)


def test_a_recorded_credential_in_the_query_is_left_out(vendor: Vendor) -> None:
    vendor.will({})
    again(call(f"GET {vendor.url}/a?api_key=placeholder&page_token=2&token=x&q=a%20b", {}))
    assert [path for _, path, _ in vendor.asked] == ["/a?page_token=2&q=a+b"]


def test_an_answer_that_may_be_better_next_time_is_asked_for_again(vendor: Vendor) -> None:
    vendor.will(b"", status=503).will(b"", status=429, Retry_After="0").will(
        gzip.compress(b'{"a": 2}'), Content_Encoding="gzip"
    )
    outcome = again(call(f"GET {vendor.url}/a", {"a": 1}))
    assert lines(outcome) == []
    assert outcome.judged == 1
    assert len(vendor.asked) == 3


def test_an_api_that_goes_on_failing_is_not_judged(vendor: Vendor) -> None:
    vendor.will(b"", status=503)
    outcome = again(call(f"GET {vendor.url}/a", {"a": 1}))
    assert outcome.judged == 0
    assert outcome.untold == ((f"{vendor.url[7:]} does not answer: status 503", 1),)
    assert len(vendor.asked) == SOON.attempts


def test_a_host_that_is_not_there_has_its_attempts_once(vendor: Vendor) -> None:
    outcome = again(*(call(f"GET http://127.0.0.1:1/{n}", {}) for n in range(3)))
    [(reason, count)] = outcome.untold
    assert reason.startswith("127.0.0.1:1 does not answer: ")
    assert count == 3


@pytest.mark.parametrize(
    ("status", "expected", "untold"),
    [
        (410, ["fail gone: GET /a is gone: 410"], ""),
        (404, [], "the live API answers 404: the recorded resource may be gone, or the path"),
        (401, [], "the live API refuses with 401; name a credential with --header or --query"),
        (302, ["warn status: GET /a answers 302, was 200"], ""),
    ],
)
def test_a_status_says_what_it_can(vendor: Vendor, status: int, expected: list[str], untold: str) -> None:
    vendor.will({}, status=status)
    outcome = again(call(f"GET {vendor.url}/a", {"a": 1}))
    assert lines(outcome) == expected
    assert [reason for reason, _ in outcome.untold] == ([untold] if untold else [])


def test_another_content_type_fails_and_announcements_are_read(vendor: Vendor) -> None:
    vendor.will(b"<html>", Content_Type="text/html", Deprecation="@1688169599")
    assert lines(again(call(f"GET {vendor.url}/a", {"a": 1}))) == [
        "fail deprecated-header: GET /a is deprecated since 2023-06-30",
        "fail type: response 200 body is text/html, was application/json",
    ]


def test_the_command_asks_with_a_credential_from_the_environment(vendor: Vendor, tmp_path: Path) -> None:
    vendor.will({"a": "x"})
    here = Project(tmp_path, tmp_path / "cache").write(
        {
            "cassettes/flow.yaml": "interactions:\n"
            f"- request: {{body: null, headers: {{}}, method: GET, uri: '{vendor.url}/a'}}\n"
            "  response: {body: {string: '{\"a\": 1}'}, headers: {Content-Type: [application/json]}, status: {code: 200, message: OK}}\n"
        }
    )
    arguments = ("drift", "--cassettes", "--live", "--header", "Authorization: Bearer {ACME_TOKEN}")
    out = run_command(here, *arguments, status=1, environment={"ACME_TOKEN": "s3cret"})
    assert "1 compared live" in out
    assert (
        "GET /a\n  fail   response 200 .a is text, was number\n         cassettes/flow.yaml interaction 0 · the live API"
        in out
    )
    assert vendor.asked[0][2]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in out


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    here = Project(tmp_path, tmp_path / "cache").write(
        {"cassettes/a.yaml": "interactions: []\n", "broken/stamina.py": "raise ImportError('not installed')\n"}
    )
    environment = {"PYTHONPATH": str(tmp_path / "broken")}
    out = run_command(here, "drift", "--cassettes", "--live", status=3, environment=environment)
    assert "--live needs the package 'pytest-prodparity[drift]': not installed." in out
    assert 'To fix: pip install "pytest-prodparity[drift]"' in out
