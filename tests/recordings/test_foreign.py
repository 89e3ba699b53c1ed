"""Cassettes of vcrpy and pytest-recording: they play, and what was taken out of them is held against nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.recordings.conftest import Open

API = "https://api.example.com/x"
Send = Callable[[], requests.Response]


def taped(*, headers: str = "", query: str = "", body: str = "null", method: str = "GET") -> str:
    return f"""\
interactions:
- request:
    body: {body}
    headers: {{Accept: ['*/*']{headers}}}
    method: {method}
    uri: {API}{query}
  response:
    body: {{string: '{{"a": 1}}'}}
    headers: {{Content-Type: [application/json]}}
    status: {{code: 200, message: OK}}
version: 1
"""


LOGIN = {"Authorization": "Bearer dummy-token-1"}
KEY = "real-key-123456"
REAL = ", Authorization: [Bearer 0a9f8e7d6c5b4a3f2e1d]"


def get(query: str = "", headers: dict[str, str] | None = None) -> Send:
    return lambda: requests.get(API + query, headers=headers, timeout=5)


def post(data: dict[str, str] | str) -> Send:
    return lambda: requests.post(API, data=data, timeout=5)


UNPROVEN: dict[str, tuple[str, Send]] = {
    "a header was taken out": (taped(), get(headers=LOGIN)),
    "a header was replaced": (taped(headers=", Authorization: [REDACTED]"), get(headers=LOGIN)),
    "its value was": (taped(headers=", Authorization: [Bearer XXX]"), get(headers=LOGIN)),
    "another value is sent": (taped(headers=REAL), get(headers=LOGIN)),
    "a query value was replaced": (taped(query="?api_key=DUMMY"), get(f"?api_key={KEY}")),
    "a query value was taken out": (taped(), get(f"?api_key={KEY}")),
    "a cookie was replaced": (taped(headers=", Cookie: [sid=DUMMY]"), get(headers={"Cookie": "sid=0815-4711-abc"})),
    "a form value was taken out": (taped(method="POST", body="a=1"), post({"a": "1", "client_secret": KEY})),
    "a form value was replaced": (
        taped(method="POST", body="a=1&client_secret=XXXXXX"),
        post({"a": "1", "client_secret": KEY}),
    ),
    "a json value was replaced": (
        taped(method="POST", body="""'{"a": 1, "apiKey": "<KEY>"}'"""),
        post(json.dumps({"a": 1, "apiKey": KEY})),
    ),
}


@pytest.mark.parametrize("case", UNPROVEN)
def test_what_was_taken_out_is_not_covered_and_plays(case: str, flow: Open, tmp_path: Path) -> None:
    text, send = UNPROVEN[case]
    (tmp_path / "cassette.yaml").write_text(text)
    with flow("none") as played:
        assert send().json() == {"a": 1}
    assert [(one.ruling.verdict.value, one.ruling.accusation) for one in played.heard] == [("not-covered", None)]
    assert "taken out" in played.heard[0].ruling.why
    assert played.judge is not None
    assert played.judge.accusations == ()  # type: ignore[attr-defined]
    assert played.judge.unplayed == ()  # type: ignore[attr-defined]


def test_a_credential_that_was_sent_once_and_is_not_now_is_proven(flow: Open, tmp_path: Path) -> None:
    (tmp_path / "cassette.yaml").write_text(taped(headers=REAL))
    with flow("none") as played:
        assert get()().status_code == 401
    assert played.judge is not None
    assert [one.rule for one in played.judge.accusations] == ["auth-missing"]  # type: ignore[attr-defined]


def test_what_shows_no_credential_is_accepted_as_it_was(flow: Open, tmp_path: Path) -> None:
    (tmp_path / "cassette.yaml").write_text(taped(headers=", User-Agent: [old/1]"))
    with flow("none") as played:
        assert get()().status_code == 200
    assert [one.ruling.verdict.value for one in played.heard] == ["accept"]
