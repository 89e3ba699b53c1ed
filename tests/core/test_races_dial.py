"""How far a level goes with races, as the table says it."""

from __future__ import annotations

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.core.levels import DIALS, Level, Races


def test_what_is_not_said_is_the_levels() -> None:
    assert Races.parse(7, Level.STAGING) == Races(schedules=7, seconds=60)
    assert Races.parse({"seconds": 5}, Level.DEV) == Races(schedules=50, seconds=5)
    assert Races.parse("all", Level.DEV).schedules is None
    assert Races.parse("off", Level.PRODUCTION).schedules == 0
    assert [DIALS[level].races.schedules for level in Level] == [0, 50, 500, None]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (True, "races: True is not understood"),
        ("on", "races: 'on' is not understood"),
        ({"schedule": 3}, "'schedule' (did you mean 'schedules'?)"),
        ({"seconds": "long"}, "races: 'long' is not understood"),
        ({"seconds": 0}, "races: 0 is not understood"),
        ({"schedules": -1}, "races: -1 is not understood"),
    ],
)
def test_what_is_no_dial_is_said_with_what_to_write(said: object, heard: str) -> None:
    with pytest.raises(UsageError) as found:
        Races.parse(said, Level.STAGING)
    assert heard in str(found.value)
    assert 'write races = "off", 500' in str(found.value)
