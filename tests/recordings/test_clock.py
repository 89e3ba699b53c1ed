"""The clock of a recorded server."""

from __future__ import annotations

import pytest

from pytest_prodparity.recordings.clock import Clock
from pytest_prodparity.recordings.credentials import Credential
from pytest_prodparity.recordings.exchange import Verdict
from tests.recordings.tape import accused, ask, body, replay, tell


class Wall:
    """What `time.time` says in a test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000.0
        monkeypatch.setattr("time.time", lambda: self.now)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


def test_time_starts_at_the_recording_and_passes_as_the_tests_own_does(wall: Wall) -> None:
    clock = Clock(100.0)
    wall.now += 5_000
    assert clock.now() == 100, "it starts with the first question"
    wall.now += 7
    assert clock.now() == 107
    clock.advance(60)
    clock.skew(-2)
    assert clock.now() == 165
    assert clock.wall() == wall.now - 2


def test_a_clock_that_is_set_back_and_put_right_again_takes_and_gives_no_time(wall: Wall) -> None:
    clock = Clock(100.0)
    clock.now()
    wall.now -= 86_400
    assert clock.now() == 100
    wall.now += 30
    assert clock.now() == 130, "time that passes while it is set back counts"
    wall.now += 86_400 - 30
    assert clock.now() == 130
    wall.now += 3
    assert clock.now() == 133


def test_an_unknown_anchor_is_the_start(wall: Wall) -> None:
    clock = Clock(None)
    clock.now()
    wall.now += 4
    assert clock.now() == 4


def test_times_in_a_response_are_moved_to_today(wall: Wall) -> None:
    response = tell(
        {"token": "tk_1a2B3c4D5e6F7g", "expires_at": "2026-09-21T15:00:00Z"},
        headers=[
            ("Date", "Mon, 21 Sep 2026 14:13:20 GMT"),
            ("Set-Cookie", "sid=se_1a2B3c4D; Expires=Mon, 21 Sep 2026 15:13:20 GMT"),
        ],
    )
    ledger = replay((ask("POST", "/login", data={"password": "hunter2horse"}), response))
    shown = ledger.ask(ask("POST", "/login", data={"password": "hunter2horse"}))
    assert shown.response is not None
    headers = dict(shown.response.headers)
    assert headers["Date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
    assert headers["Set-Cookie"] == "sid=se_1a2B3c4D; Expires=Fri, 15 Jan 2027 09:00:00 GMT"
    assert body(shown)["expires_at"] == "2027-01-15T08:46:40Z"
    held = {one.name: one for one in ledger.credentials}
    assert isinstance(held["sid"], Credential)
    assert held["sid"].expires_at == ledger.clock.now() + 3600


def test_what_the_test_asks_for_is_answered_and_not_accused() -> None:
    ledger = replay((ask("GET", "/a"), tell("ok")))
    ledger.answer(503, times=2)
    for _ in range(2):
        ruling = ledger.ask(ask("GET", "/a"))
        assert (ruling.verdict, ruling.made, ruling.why) == (Verdict.REFUSE, True, "503 was asked for by the test")
    assert ledger.ask(ask("GET", "/a")).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_a_wrong_password_that_was_recorded_is_refused_as_recorded() -> None:
    wrong, right = ({"user": "ann", "password": word} for word in ("wrong-horse-1", "hunter2horse"))
    ledger = replay(
        (ask("POST", "/login", form=wrong), tell({"error": "no"}, status=401)),
        (ask("POST", "/login", form=right), tell({"token": "tk_1a2B3c4D5e6F7g"})),
    )
    assert ledger.ask(ask("POST", "/login", form=right)).verdict is Verdict.ACCEPT
    for _ in range(2):
        ruling = ledger.ask(ask("POST", "/login", form=wrong))
        assert (ruling.verdict, ruling.made, body(ruling)) == (Verdict.REFUSE, False, {"error": "no"})


def test_a_request_that_is_sent_again_under_its_idempotency_key_gets_the_same_answer() -> None:
    def pay(key: str) -> Verdict:
        return ledger.ask(ask("POST", "/pay", data={"sum": 7}, headers={"Idempotency-Key": key})).verdict

    ledger = replay((ask("POST", "/pay", data={"sum": 7}, headers={"Idempotency-Key": "recorded"}), tell(1)))
    assert [pay("own-1"), pay("own-1"), pay("own-2")] == [Verdict.ACCEPT, Verdict.ACCEPT, Verdict.NOT_COVERED]


def test_a_revoked_session_is_refused_and_a_password_is_not(wall: Wall) -> None:
    login = ask("POST", "/login", data={"password": "hunter2horse"})
    ledger = replay(
        (login, tell({"token": "tk_1a2B3c4D5e6F7g"})), (ask("GET", "/a", bearer="tk_1a2B3c4D5e6F7g"), tell(1))
    )
    token = body(ledger.ask(login))["token"]
    ledger.revoke()
    assert ledger.ask(ask("GET", "/a", bearer=token)).verdict is Verdict.REFUSE
    assert ledger.accusations[0].evidence["because"] == "the test has revoked it"
    token = body(ledger.ask(login))["token"]
    assert ledger.ask(ask("GET", "/a", bearer=token)).verdict is Verdict.ACCEPT
    assert accused(ledger) == []
