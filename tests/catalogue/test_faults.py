"""What does not survive production's failures is found, and what survives them is not accused.

A tenth of the programs, since each is run again under each fault; all of them with PRODPARITY_CATALOGUE=whole.
"""

from __future__ import annotations

import os

from pathlib import Path

import pytest

from pytest_prodparity.databases.provider import Server

from tests.catalogue.harness import NOTED, Case, Catalogue, batches

EVERY = 1 if os.environ.get("PRODPARITY_CATALOGUE") == "whole" else 10


def name(batch: list[Case]) -> str:
    return batch[0].name if len(batch) == 1 else f"{batch[0].folder.parent.name}-{len(batch)}"


@pytest.mark.parametrize("batch", batches("faulty", EVERY), ids=name)
def test_programs_that_do_not_survive_a_fault_are_found(
    batch: list[Case], catalogue: Catalogue, tmp_path: Path
) -> None:
    result, found = catalogue.swept(batch, "faulty", tmp_path)
    missed = {case.name for case in batch if case.rule not in found[case.name]}
    assert missed == NOTED & set(found), result.out
    if missed:
        assert "no deadline ends a wait for the database on connections opened at hang_05_kiosk_login" in " ".join(
            (result.report or {"notes": []})["notes"]
        )


@pytest.mark.parametrize("batch", batches("corrected", EVERY), ids=name)
def test_their_corrected_twins_are_not_accused(batch: list[Case], catalogue: Catalogue, tmp_path: Path) -> None:
    result, found = catalogue.swept(batch, "corrected", tmp_path)
    assert {case: rules for case, rules in found.items() if rules} == {}, result.out
    assert set(result.outcomes) <= {"passed", "warning", "warnings"}, result.out


@pytest.mark.parametrize("batch", batches("app", EVERY), ids=name)
def test_innocent_programs_are_not_accused(batch: list[Case], catalogue: Catalogue, tmp_path: Path) -> None:
    result, found = catalogue.swept(batch, "app", tmp_path)
    assert {case: rules for case, rules in found.items() if rules} == {}, result.out
    assert set(result.outcomes) <= {"passed", "warning", "warnings"}, result.out
