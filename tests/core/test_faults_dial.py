"""How far a level goes with faults, as the table says it."""

from __future__ import annotations

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.core.expectation import Expectation
from pytest_prodparity.core.levels import DIALS, Faults, Level
from pytest_prodparity.core.settings import PARSERS
from pytest_prodparity.faults.kinds.reset_peer import ResetPeer


def test_what_is_not_said_is_the_levels() -> None:
    assert Faults.parse(7, Level.STAGING) == Faults(scenarios=7)
    assert Faults.parse({"seconds": 5}, Level.DEV) == Faults(scenarios=40, seconds=5)
    assert Faults.parse({"seconds": 5}, Level.PRODUCTION).lasting
    assert not Faults.parse("off", Level.STAGING)
    assert not Faults.parse(0, Level.STAGING)
    assert [bool(DIALS[level].faults) for level in Level] == [False, False, True, True]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (True, "True is no number of scenarios"),
        ("on", "'on' is no number of scenarios"),
        ({"scenario": 3}, "'scenario' does not exist (did you mean 'scenarios'?)"),
        ({"seconds": "long"}, "faults.seconds: 'long' is no number"),
        ({"scenarios": -1}, "faults.scenarios: -1 is no number"),
        ({"lasting": 1}, "faults.lasting: 1 is no yes or no"),
    ],
)
def test_what_is_no_dial_is_said_with_what_to_write(said: object, heard: str) -> None:
    with pytest.raises(UsageError) as found:
        Faults.parse(said, Level.STAGING)
    assert heard in str(found.value)
    assert "faults = " in str(found.value)


@pytest.mark.parametrize("token", ["f3a91c:reply-lost", "f3a91c:40P01", " f3a91c:reset-peer:persistent "])
def test_a_token_is_taken_as_it_was_printed(token: str) -> None:
    assert PARSERS["replay"](token, "--parity-replay") == token.strip()


@pytest.mark.parametrize("token", ["", "f3a91c", "F3A91C:reset-peer", "f3a91c:reset-peer:often", 7])
def test_what_is_no_token_is_said_so(token: object) -> None:
    with pytest.raises(UsageError, match=r"--parity-replay: .* names no scenario"):
        PARSERS["replay"](token, "--parity-replay")


def test_a_marker_may_name_faults_and_nothing_else() -> None:
    assert Expectation.from_marker((), {"faults": [ResetPeer()]}).faults == (ResetPeer(),)
    with pytest.raises(UsageError, match=r"faults=\['reset'\] is not understood: 'reset' is no fault"):
        Expectation.from_marker((), {"faults": ["reset"]})
    with pytest.raises(UsageError, match=r"faults=3 is not understood"):
        Expectation.from_marker((), {"faults": 3})
