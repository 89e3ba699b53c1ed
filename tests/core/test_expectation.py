from __future__ import annotations

from typing import Any

import pytest

from pytest_prodparity import Budget, UsageError
from pytest_prodparity.core.expectation import Expectation
from pytest_prodparity.core.levels import Level


def test_a_marker_becomes_a_frozen_expectation() -> None:
    made = Expectation.from_marker(
        (),
        {"queries": Budget(statements=12), "rows": {"orders": 5}, "allow": ["seq-scan:countries"], "level": "staging"},
    )
    assert made.queries == Budget(statements=12)
    assert made.rows == {"orders": 5}
    assert made.allow == ("seq-scan:countries",)
    assert made.level is Level.STAGING


def test_the_nearest_marker_wins_and_lists_add_up() -> None:
    near = Expectation.from_marker((), {"allow": ["spill"], "level": "dev"})
    far = Expectation.from_marker((), {"allow": ["seq-scan"], "level": "staging", "queries": Budget(trips=1)})
    merged = near.over(far)
    assert merged.allow == ("spill", "seq-scan")
    assert merged.level is Level.DEV
    assert merged.queries == Budget(trips=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"budget": 1}, "prodparity has no argument 'budget'."),
        ({"lvl": "dev"}, "prodparity has no argument 'lvl' (did you mean 'level'?)."),
        ({"queries": 12}, "queries=12 is not a Budget."),
        ({"rows": {"orders": "many"}}, "rows={'orders': 'many'} is not a table-to-count mapping."),
        ({"faults": "tolerant"}, "faults='tolerant' does not exist (did you mean 'tolerate'?)."),
        ({"allow": "seq-scan"}, "allow='seq-scan' is not a list of rules."),
        ({"allow": ["seqscan:x"]}, "allow='seqscan:x': rule 'seqscan' does not exist (did you mean 'seq-scan'?)."),
        ({"level": "stage"}, "level 'stage' does not exist (did you mean 'staging'?)."),
    ],
)
def test_a_wrong_argument_is_named_with_its_value(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as wrong:
        Expectation.from_marker((), arguments)
    assert wrong.value.happened == message


def test_a_positional_argument_is_refused() -> None:
    with pytest.raises(UsageError, match="keyword arguments only, got 'staging'"):
        Expectation.from_marker(("staging",), {})


@pytest.mark.parametrize("value", [-1, 1.5, True, "12"])
def test_a_budget_is_a_whole_number(value: object) -> None:
    with pytest.raises(UsageError, match="whole number, zero or more"):
        Budget(statements=value)  # type: ignore[arg-type]
