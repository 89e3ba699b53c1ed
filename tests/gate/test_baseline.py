"""What old code has is known, may become fewer, and does not come back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.core.findings import Finding
from pytest_prodparity.gate import baseline
from pytest_prodparity.gate.baseline import Known
from pytest_prodparity.gate.gathered import gather
from pytest_prodparity.gate.policy import Policy
from pytest_prodparity.gate.verdict import Verdict, decide
from tests.gate.reports import found, run, written


def judged(folder: Path, *findings: Finding, known: list[Known], level: str = "dev") -> Verdict:
    gathered = gather(written(folder, run(*findings, level=level)))
    return decide(gathered, Policy(), today=date(2026, 11, 24), baseline=known)


def entries(folder: Path, *findings: Finding, level: str = "dev") -> list[Known]:
    gathered = gather(written(folder, run(*findings, level=level)))
    return [baseline.entry_of(met) for met in gathered.findings.values()]


def test_what_is_known_passes_and_what_is_new_blocks(tmp_path: Path) -> None:
    known = entries(tmp_path, found())
    assert judged(tmp_path, found(at="shop/orders.py:81"), known=known).answer == "pass"
    both = judged(tmp_path, found(), found("spill"), known=known)
    assert [(one.met.rule, one.accepted) for one in both.findings] == [("spill", ""), ("seq-scan", "baseline")]


def test_the_same_statement_on_one_more_line_is_one_too_many(tmp_path: Path) -> None:
    known = entries(tmp_path, found())
    verdict = judged(tmp_path, found(), found(at="shop/orders.py:40"), known=known)
    assert verdict.answer == "block"
    assert verdict.findings[0].why == "the baseline has 1 of its 2 lines"


def test_one_more_test_of_the_same_line_is_not(tmp_path: Path) -> None:
    known = entries(tmp_path, found())
    assert judged(tmp_path, found(), found(test="tests/new.py::test_new"), known=known).answer == "pass"


def test_what_is_gone_is_said_and_taken_out(tmp_path: Path) -> None:
    known = entries(tmp_path, found(), found("spill"), found("spill", "shop/orders.py:99"))
    verdict = judged(tmp_path, found("spill"), known=known)
    assert (verdict.answer, [entry.rule for entry in verdict.gone]) == ("pass", ["seq-scan"])
    assert [(entry.rule, entry.count) for entry in verdict.matched.kept] == [("spill", 1)]


def test_a_renamed_file_is_the_same_finding_under_its_new_name(tmp_path: Path) -> None:
    known = entries(tmp_path, found())
    verdict = judged(tmp_path, found(at="shop/sales/orders.py:5"), known=known)
    assert (verdict.answer, verdict.gone) == ("pass", ())
    assert [entry.path for entry in verdict.matched.kept] == ["shop/sales/orders.py"]


def test_a_copy_beside_the_old_file_is_new(tmp_path: Path) -> None:
    known = entries(tmp_path, found())
    verdict = judged(tmp_path, found(), found(at="shop/copy.py:5"), known=known)
    assert [(one.met.path, one.accepted) for one in verdict.findings] == [
        ("shop/copy.py", ""), ("shop/orders.py", "baseline")
    ]  # fmt: skip


def test_a_run_at_a_lower_level_says_nothing_of_what_only_a_higher_one_finds(tmp_path: Path) -> None:
    known = entries(tmp_path, found("torn-write"), level="staging")
    verdict = judged(tmp_path, known=known, level="dev")
    assert (verdict.gone, list(verdict.matched.kept)) == ((), known)
    assert judged(tmp_path, known=known, level="production").gone == tuple(known)


def test_the_file_is_sorted_and_has_a_line_for_each(tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "baseline.json"
    known = entries(tmp_path, found("spill", "b.py:1"), found(at="b.py:1"), found(at="a.py:1", subject="\N{SNOWMAN}"))
    baseline.save(path, reversed(known))
    text = path.read_text(encoding="utf-8").splitlines()
    assert len(text) == 5
    assert ['"a.py"' in text[1], '"seq-scan"' in text[2], '"spill"' in text[3]] == [True] * 3
    assert sorted(baseline.load(path), key=baseline.order) == sorted(known, key=baseline.order)
    baseline.save(path, [])
    assert baseline.load(path) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"format": 1, "findings": [\n<<<<<<< HEAD\n', "is broken"),
        ('{"format": 1, "findings": [{"path": "a"}]}', "is broken"),
        ('{"format": 9, "findings": []}', "has format 9; this version reads up to 1"),
        ("[]", "is broken"),
    ],
)
def test_a_broken_baseline_is_one_message(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "b.json").write_text(content)
    with pytest.raises(ProdparityError, match=said):
        baseline.load(tmp_path / "b.json")


def test_a_baseline_that_is_not_there_is_made_by_the_command_that_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"There is no baseline .*\nTo fix: prodparity gate --baseline .* --update makes"
    ):
        baseline.load(tmp_path / "none.json")
