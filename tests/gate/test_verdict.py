"""Findings and policy come to one answer, the same for the same reports."""

from __future__ import annotations

import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.gate.gathered import gather
from pytest_prodparity.gate.policy import Policy
from pytest_prodparity.gate.report import Report
from pytest_prodparity.gate.verdict import Verdict, decide
from tests.gate.reports import found, run, written

TODAY = date(2026, 11, 24)
WAIVER = {"rule": "seq-scan", "subject": "orders", "reason": "few rows", "owner": "ada", "until": "2026-11-24"}


@pytest.fixture
def judged(tmp_path: Path) -> Any:
    def judge(*reports: Report, today: date = TODAY, **table: Any) -> Verdict:
        policy = Policy.parse({key.replace("_", "-"): value for key, value in table.items()})
        return decide(gather(written(tmp_path, *reports)), policy, today=today)

    return judge


def reasons(verdict: Verdict) -> list[str]:
    return [f"{reason.does}: {reason.text}" for reason in verdict.reasons]


def test_a_clean_run_passes(judged: Any) -> None:
    verdict = judged(run())
    assert (verdict.answer, verdict.status, verdict.reasons) == ("pass", 0, ())


def test_a_finding_blocks_unless_the_policy_says_otherwise(judged: Any) -> None:
    assert judged(run(found())).answer == "block"
    assert judged(run(found()), rules={"seq-scan": "warn"}).answer == "warn"
    assert judged(run(found()), rules={"*": {"shop/**": "ignore"}}).answer == "pass"


def test_one_problem_in_shards_levels_and_tests_is_one_finding_of_the_highest_level(judged: Any) -> None:
    dev = run(found(title="reads 1 row", test="tests/test_a.py::test_z"))
    verdict = judged(
        dev, run(found(title="reads 9 rows"), found(title="more", test="tests/b.py::test_b"), level="staging")
    )
    (one,) = verdict.findings
    assert (one.met.title, len(one.met.tests), str(one.met.level), str(one.met.lowest)) == (
        "reads 9 rows" if one.met.test.startswith("tests/test_orders") else "more", 3, "staging", "dev",
    )  # fmt: skip


def test_any_order_of_the_files_comes_to_the_same_bytes(tmp_path: Path) -> None:
    chance = random.Random(1)
    rules = ("seq-scan", "spill", "torn-write", "flaky")
    reports = [
        run(*(found(chance.choice(rules), f"a{chance.randrange(5)}.py:{chance.randrange(90)}", title=f"{chance.random()}",
                    test=f"t.py::t{chance.randrange(9)}") for _ in range(40)), level=chance.choice(("dev", "staging")))
        for _ in range(7)
    ]  # fmt: skip
    paths = written(tmp_path, *reports)
    policy = Policy.parse({"cannot-tell": "warn", "waivers": [WAIVER]})
    texts = set()
    for _ in range(6):
        chance.shuffle(paths)
        texts.add(json.dumps(decide(gather([*paths, paths[0]]), policy, today=TODAY).to_json()))
    assert len(texts) == 1


def test_lost_data_comes_before_what_is_slow(judged: Any) -> None:
    verdict = judged(run(found("seq-scan"), found("n-plus-one", "b.py:3"), found("silent-loss", "c.py:1"), found("spill", "d.py:2")),
                     rules={"n-plus-one": "warn"})  # fmt: skip
    assert [one.met.rule for one in verdict.findings] == ["silent-loss", "seq-scan", "spill", "n-plus-one"]


def test_a_waiver_holds_through_its_last_day_and_then_blocks_and_says_since_when(judged: Any) -> None:
    report = run(found())
    held = judged(report, waivers=[WAIVER])
    assert held.answer == "pass"
    assert held.findings[0].why == "waived until 2026-11-24 by ada: few rows"
    expired = judged(report, waivers=[WAIVER], today=date(2026, 11, 25), rules={"*": "warn"})
    assert expired.answer == "block"
    assert expired.findings[0].why == "the waiver of ada has expired: it held until 2026-11-24"
    both = judged(report, waivers=[WAIVER, {**WAIVER, "until": "2027-01-01"}], today=date(2026, 11, 25))
    assert both.answer == "pass"


def test_a_waiver_that_matches_nothing_is_reported(judged: Any) -> None:
    verdict = judged(run(), waivers=[WAIVER])
    assert (verdict.answer, reasons(verdict)) == (
        "warn", ["warn: the waiver of seq-scan (subject orders) matches nothing: take it out"]
    )  # fmt: skip


def test_a_waiver_follows_a_renamed_file_by_its_fingerprint(judged: Any) -> None:
    waiver = {key: value for key, value in WAIVER.items() if key != "subject"} | {"fingerprint": found().fingerprint}
    assert judged(run(found(at="shop/new.py:4")), waivers=[waiver]).answer == "pass"
    assert judged(run(found(at="shop/new.py:4", function="other")), waivers=[waiver]).answer == "block"
    beside = judged(run(found(), found(at="shop/new.py:4")), waivers=[waiver])
    assert [one.accepted for one in beside.findings] == ["", "waived"]


def test_a_clock_before_the_report_cannot_judge_waivers(judged: Any) -> None:
    verdict = judged(run(found()), waivers=[WAIVER], today=date(2019, 1, 1))
    assert (verdict.answer, verdict.status) == ("cannot judge", 3)
    assert reasons(verdict)[0].startswith(
        "cannot judge: the clock says 2019-01-01, and a report was begun on 2026-11-23"
    )
    assert judged(run(), today=date(2019, 1, 1)).answer == "pass"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"commit": "f" * 40}, "the reports are of 2 commits: 0123456789ab, ffffffffffff"),
        ({"key": "z" * 64}, "the reports are of 2 profiles: kkkkkkkkkkkk, zzzzzzzzzzzz"),
    ],
)
def test_reports_that_do_not_belong_together_cannot_be_judged(judged: Any, other: dict[str, str], said: str) -> None:
    verdict = judged(run(found()), run(**other))  # type: ignore[arg-type]
    assert verdict.answer == "cannot judge"
    assert said in verdict.reasons[0].text
    assert judged(run(), run(commit=None)).answer == "pass"


def test_an_interrupted_run_cannot_be_judged_but_what_it_found_blocks(judged: Any) -> None:
    verdict = judged(run(interrupted=True))
    assert (verdict.answer, reasons(verdict)) == ("cannot judge", ["cannot judge: the run was interrupted"])
    assert judged(run(found(), interrupted=True)).answer == "block"


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (run(clean=()), "no marked test ran"),
        (run(statements=0), "nothing was judged: the marked tests sent nothing that can be"),
        (run(statements=0, untold=3), "nothing was judged: the marked tests sent nothing that can be, and 3 statements could not"),
    ],
)  # fmt: skip
def test_a_run_that_judged_nothing_does_not_pass(judged: Any, report: Report, said: str) -> None:
    verdict = judged(report)
    assert verdict.answer == "cannot judge"
    assert said in verdict.reasons[0].text


def test_a_minimum_that_is_not_reached_is_said_with_its_numbers(judged: Any) -> None:
    assert reasons(judged(run(untold=3), minimum={"judged": 0.9})) == [
        "block: 76.9% of the statements could be judged; at least 90.0% must"
    ]
    assert reasons(judged(run(), minimum={"tests": 2})) == ["block: 1 marked test ran; at least 2 must"]
    staging = judged(run(), minimum={"level": "staging"})
    assert (staging.answer, reasons(staging)) == (
        "cannot judge", ["cannot judge: no report is of staging or above; the highest is of dev"]
    )  # fmt: skip
    assert judged(run(), run(level="production"), minimum={"level": "staging"}).answer == "pass"


def test_what_cannot_be_told_has_a_policy_of_its_own(judged: Any) -> None:
    assert judged(run(untold=1)).answer == "pass"
    assert judged(run(untold=1), cannot_tell="warn").answer == "warn"
    assert judged(run(untold=1), cannot_tell="block").answer == "block"


def test_a_test_that_failed_by_itself_does_not_pass(judged: Any) -> None:
    verdict = judged(run(failed=("tests/b.py::test_b",)))
    assert (verdict.answer, reasons(verdict)) == ("block", ["block: tests/b.py::test_b failed by itself"])
    assert judged(run(failed=("tests/b.py::test_b",)), failed="ignore").answer == "pass"


def test_a_flaky_test_never_blocks_as_something_else(judged: Any) -> None:
    both = run(found("flaky", subject="test_open"), found("torn-write"))
    verdict = judged(both)
    assert verdict.answer == "warn"
    assert [one.why for one in verdict.findings if one.met.rule == "torn-write"] == ["its test is flaky"]
    assert judged(both, flaky="block").answer == "block"
    plan = judged(run(found("flaky", subject="test_open"), found("seq-scan")))
    assert plan.answer == "block", "what a plan says does not vary"
    elsewhere = judged(run(found("flaky", subject="test_open"), found("torn-write", test="tests/other.py::test_x")))
    assert elsewhere.answer == "block"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"format": 1, "findings": [', "is torn, or no report (it ends or breaks off: "),
        ("[" * 100_000, "is torn, or no report"),
        (b"\xff\xfe\x00", "is torn, or no report (UnicodeDecodeError)"),
        ('{"runs": []}', "is JSON, but no report of pytest-prodparity"),
        ("[]", "is JSON, but no report of pytest-prodparity"),
        ('{"format": 99, "findings": []}', "has format 99; this version reads up to 1.\nTo fix: pip install --upgrade"),
        ('{"format": 1, "findings": []}', "is a damaged report: level is missing."),
        (None, "cannot be read: No such file or directory.\nTo fix: run pytest with marked tests first"),
    ],
)
def test_what_is_no_report_is_one_message(tmp_path: Path, content: str | bytes | None, said: str) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ProdparityError) as wrong:
        gather([path])
    assert said in str(wrong.value)
    assert str(path) in str(wrong.value)


@pytest.mark.parametrize(
    "damage",
    [{"rule": None}, {"fingerprint": "x"}, {"fingerprint": 7}, {"source": "no line"}, {"source": ["a"]}, {"source": "a.py:1e9"}, {"title": 7}, {"test": {}}],
)  # fmt: skip
def test_a_damaged_finding_is_one_message(tmp_path: Path, damage: dict[str, Any]) -> None:
    data = run(found()).to_json()
    data["findings"][0] |= damage
    (tmp_path / "report.json").write_text(json.dumps(data))
    with pytest.raises(ProdparityError, match="is a damaged report"):
        gather([tmp_path / "report.json"])
