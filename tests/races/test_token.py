"""A schedule in one word, and back; a token that cannot be followed says why."""

from __future__ import annotations

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.races.token import Schedule
from tests.races.traces import a, b, run, withdrawals


def test_a_schedule_is_read_back_from_its_token() -> None:
    schedule = Schedule.of(withdrawals("AABBBA"))

    assert schedule.token.startswith("r:2:0x2.1x3.0~")
    assert Schedule.parse(schedule.token) == schedule

    two_of_many = Schedule.of(withdrawals("AABBBA"), among=(3, 7))
    assert two_of_many.token.startswith("r:2/3,7:0x2.1x3.0~")
    assert Schedule.parse(two_of_many.token) == two_of_many


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("r:2:0x3.1x2", "'r:2:0x3.1x2' is no schedule of a race"),
        ("f3:commit:lost", "is no schedule of a race"),
        ("", "'' is no schedule"),
        ("r:2:0x3.2~5f2c", "has 2 callables, counted from 0, and lets number 2 go"),
        ("r:2/3:0x3.1~5f2c", "is one of 2 callables, and names 1"),
        ("r:2/3,3:0x3.1~5f2c", "is one of 2 callables, and names 1"),
        ("r:2:0x99999~5f2c", "has more than 10000 steps"),
    ],
)
def test_what_is_no_token_is_said_with_an_example(token: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        Schedule.parse(token)

    assert said in str(raised.value)
    assert "To fix: a token looks like r:2:0x3.1x2.0~5f2c" in str(raised.value)


def test_values_and_layout_do_not_change_a_token_and_another_statement_does() -> None:
    token = Schedule.of(run(a("UPDATE t SET n = 1"), b("COMMIT"))).token

    assert Schedule.of(run(a("update t  set n = 22"), b("commit"))).token == token
    assert Schedule.of(run(a("UPDATE t SET m = 1"), b("COMMIT"))).token != token


def test_a_replay_that_is_another_schedule_says_how() -> None:
    schedule = Schedule.of(withdrawals("AABBBA"))

    assert schedule.diverged(withdrawals("AABBBA")) is None
    assert schedule.diverged(withdrawals("ABABBA")) == ("at step 2 A was to go, and B went: it was not held there")
    assert schedule.diverged(run(a("SELECT 1"), values=[1])) == "the schedule is one of 2 callables, and 1 ran"
    assert "the code has changed" in str(
        schedule.diverged(run(a("SELECT 1"), a("SELECT 2"), b("SELECT 1"), b("SELECT 1"), b("SELECT 1"), a("COMMIT")))
    )
