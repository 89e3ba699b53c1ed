"""What comes to what no serial order comes to is found, and what equals one in every order is not accused.

A fifth of the programs; all of them with PRODPARITY_CATALOGUE=whole.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.catalogue.harness import Case, Catalogue, batches

EVERY = 1 if os.environ.get("PRODPARITY_CATALOGUE") == "whole" else 5

RULES = {"not-serializable", "deadlock", "pool-exhausted", "invariant-broken"}
"""What their statements read and how is the other programs' matter."""


def name(batch: list[Case]) -> str:
    return batch[0].name if len(batch) == 1 else f"{batch[0].folder.parent.name}-{len(batch)}"


@pytest.mark.parametrize("batch", batches("faulty", EVERY, "races"), ids=name)
def test_programs_that_race_are_found(batch: list[Case], catalogue: Catalogue, tmp_path: Path) -> None:
    result, found = catalogue.swept(batch, "faulty", tmp_path)
    assert [case.name for case in batch if case.rule not in found[case.name]] == [], result.out


@pytest.mark.parametrize("batch", batches("corrected", EVERY, "races"), ids=name)
def test_their_corrected_twins_are_clean_and_exhausted(batch: list[Case], catalogue: Catalogue, tmp_path: Path) -> None:
    result, found = catalogue.swept(batch, "corrected", tmp_path)
    assert {case: races for case, rules in found.items() if (races := RULES & set(rules))} == {}, result.out
    assert result.report is not None, result.out
    open_ones = {
        test["id"]: race["why"] for test in result.report["tests"] for race in test["races"] if not race["exhausted"]
    }
    assert open_ones == {}, result.out


@pytest.mark.parametrize("batch", batches("app", EVERY, "races"), ids=name)
def test_innocent_programs_are_not_accused(batch: list[Case], catalogue: Catalogue, tmp_path: Path) -> None:
    result, found = catalogue.swept(batch, "app", tmp_path)
    assert {case: races for case, rules in found.items() if (races := RULES & set(rules))} == {}, result.out
