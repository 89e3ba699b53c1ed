"""Every faulty program is found at its line, no corrected and no innocent one is accused, and mocks see no difference."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.databases.provider import Server

from tests.catalogue.harness import Case, Catalogue, cases
from tests.project import Result


def name(case: Case) -> str:
    return case.name


def alone(variant: str) -> list[Case]:
    return [case for case in cases(innocent=variant == "app") if case.django]


def clean(result: Result) -> bool:
    return set(result.outcomes) <= {"passed", "warning", "warnings"}


def test_each_faulty_program_is_found_at_its_line(catalogue: Catalogue, tmp_path: Path) -> None:
    result, found = catalogue.together("faulty", tmp_path)
    lines = {case.name: (case.rule, f"app.py:{case.line}") for case in cases(innocent=False)}
    assert len(found) > 40
    missed = [name for name in found if lines[name] not in found[name]]
    assert not missed, f"{missed}\n{result.out}"


@pytest.mark.parametrize("variant", ["corrected", "app"])
def test_no_right_program_is_accused(variant: str, catalogue: Catalogue, tmp_path: Path) -> None:
    result, found = catalogue.together(variant, tmp_path)
    assert {name: findings for name, findings in found.items() if findings} == {}, result.out
    assert clean(result), result.out
    assert result.outcomes["passed"] >= len(found) > 20


def test_no_twin_that_changes_the_schema_is_accused(catalogue: Catalogue, tmp_path: Path) -> None:
    result, found = catalogue.together("corrected", tmp_path, migrated=True)
    assert {name: findings for name, findings in found.items() if findings} == {}, result.out
    assert clean(result), result.out
    assert result.outcomes["passed"] >= len(found) > 15


@pytest.mark.parametrize("case", alone("faulty"), ids=name)
def test_a_faulty_program_is_found_at_its_line(case: Case, catalogue: Catalogue, tmp_path: Path) -> None:
    result = catalogue.run(case, "faulty", tmp_path)
    assert (case.rule, f"app.py:{case.line}") in result.findings, result.out


@pytest.mark.parametrize("case", alone("corrected"), ids=name)
def test_its_corrected_twin_is_not_accused(case: Case, catalogue: Catalogue, tmp_path: Path) -> None:
    result = catalogue.run(case, "corrected", tmp_path)
    assert result.findings == [], result.out
    assert clean(result), result.out


@pytest.mark.parametrize("case", alone("app"), ids=name)
def test_an_innocent_program_is_not_accused(case: Case, catalogue: Catalogue, tmp_path: Path) -> None:
    result = catalogue.run(case, "app", tmp_path)
    assert result.findings == [], result.out
    assert clean(result), result.out


def test_mocks_see_no_difference(catalogue: Catalogue, tmp_path: Path) -> None:
    result = catalogue.mocks(tmp_path)
    assert clean(result), result.out
    assert result.outcomes["passed"] >= 2 * len([case for case in cases(innocent=False) if not case.django])


@pytest.mark.parametrize("variant", ["faulty", "corrected"])
@pytest.mark.parametrize("case", [case for case in cases(innocent=False) if case.django], ids=name)
def test_mocks_of_django_see_no_difference(case: Case, variant: str, catalogue: Catalogue, tmp_path: Path) -> None:
    result = catalogue.mock(case, variant, tmp_path)
    assert clean(result), result.out
