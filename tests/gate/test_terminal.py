from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.core.findings import Finding, Judgement, Remedy, Source, Untold
from pytest_prodparity.gate.render import terminal
from pytest_prodparity.gate.report import Production, Report, TestReport, summarise, write

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

FINDING = Finding(
    rule="seq-scan",
    title="reads 48,211,904 rows to return 12",
    subject="orders",
    test="tests/test_orders.py::test_open_orders",
    source=Source(path="shop/orders.py", line=31, function="open_orders"),
    statement="SELECT id, customer_id, status, total, created_at FROM orders WHERE customer_id = $1 AND status = $2",
    production="Parallel Seq Scan on orders, about 9 s; statement_timeout is 5 s",
    plan=("Gather  (rows=12)", "  Parallel Seq Scan on orders"),
    remedy=Remedy(
        text="",
        sql="CREATE INDEX CONCURRENTLY ON orders (customer_id, status);",
        proof="production's plan with it: Index Scan",
    ),
    replay="pytest tests/test_orders.py::test_open_orders --parity-level=dev",
)

REPORT = Report(
    level="staging",
    seed=7,
    started_at="2026-11-23T12:00:00+00:00",
    seconds=9.84,
    tests=(
        TestReport(
            id="tests/test_orders.py::test_open_orders",
            outcome="failed",
            judgement=Judgement(
                findings=(FINDING,), statements=3, untold=(Untold(statement="SELECT 1", reason="a temporary table"),)
            ),
            trips=4,
        ),
        TestReport(id="tests/test_orders.py::test_other", outcome="passed", judgement=Judgement(statements=2)),
    ),
    production=Production(
        version=160004,
        tables=214,
        size=1_900_000_000_000,
        captured_at="2026-11-20T12:00:00+00:00",
        origin="captured",
        key="k",
    ),
    server="postgres:16 (docker)",
)


def text(report: Report, *, width: int = 100, verbose: bool = False) -> str:
    shown = terminal.lines(report, width=width, verbose=verbose, path=".prodparity/report.json")
    return "\n".join(line.text for line in shown)


def test_a_finding_fits_the_screen_with_its_line_remedy_and_replay() -> None:
    assert text(REPORT) == (
        "PostgreSQL 16.4, 214 tables, 1.7 TB · run on postgres:16 (docker) · seed 7\n"
        "\n"
        "tests/test_orders.py::test_open_orders\n"
        "  seq-scan   reads 48,211,904 rows to return 12" + " " * 36 + "shop/orders.py:31\n"
        "    SELECT … FROM orders WHERE customer_id = $1 AND status = $2\n"
        "    production: Parallel Seq Scan on orders, about 9 s; statement_timeout is 5 s\n"
        "    fix: CREATE INDEX CONCURRENTLY ON orders (customer_id, status);\n"
        "         production's plan with it: Index Scan\n"
        "    replay: pytest tests/test_orders.py::test_open_orders --parity-level=dev\n"
        "\n"
        "1 finding in 1 of 2 tests · 5 statements judged, 1 cannot tell (-v says why) · 9.8 s\n"
        "report: .prodparity/report.json"
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_but_a_command_is_wider_than_the_terminal(width: int) -> None:
    commands = ("fix: CREATE", "replay:")
    wide = [line for line in text(REPORT, width=width).splitlines() if len(line) > width]
    assert [line for line in wide if not line.strip().startswith(commands)] == []


def test_verbose_shows_the_plan_and_what_cannot_be_told() -> None:
    shown = text(REPORT, verbose=True)
    assert "    |   Parallel Seq Scan on orders" in shown
    assert "cannot tell:\n  a temporary table\n    SELECT 1" in shown


def test_one_finding_in_many_tests_is_shown_once() -> None:
    again = replace(REPORT.tests[0], id="tests/test_orders.py::test_third")
    shown = text(replace(REPORT, tests=(REPORT.tests[0], again)))
    assert shown.count("seq-scan") == 1
    assert "also in: tests/test_orders.py::test_third" in shown


def test_nothing_in_a_statement_steers_the_terminal() -> None:
    evil = replace(FINDING, statement="SELECT '\x1b[2J\x07'", title="bell \x1b[31m")
    judged = replace(REPORT.tests[0], judgement=Judgement(findings=(evil,)))
    shown = text(replace(REPORT, tests=(judged,)), verbose=True)
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_a_run_without_a_profile_says_so() -> None:
    assert text(replace(REPORT, production=None)).startswith("no profile: statements are not judged")


@pytest.mark.parametrize(
    ("age", "said"),
    [(timedelta(minutes=3), "less than an hour old"), (timedelta(hours=1), "1 hour old"), (timedelta(days=3), "3 days old")],
)  # fmt: skip
def test_the_title_tells_the_age_of_the_profile(age: timedelta, said: str) -> None:
    assert REPORT.production is not None
    report = replace(REPORT, production=replace(REPORT.production, captured_at=(NOW - age).isoformat()))
    assert terminal.title(report, NOW) == f"production parity: staging · profile {said}"


def test_the_report_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "report.json"
    write(path, REPORT)
    data = json.loads(path.read_text())
    assert data["format"] == 1
    assert data["summary"]["findings"] == 1
    assert data["findings"][0]["source"] == "shop/orders.py:31"
    assert data["tests"][0]["findings"] == [FINDING.fingerprint]
    assert [entry.name for entry in path.parent.iterdir()] == ["report.json"]


def test_a_report_that_cannot_be_written_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ProdparityError, match=r"The report .*could not be written: .*\nTo fix: pass --parity-report=PATH"
    ):
        write(tmp_path / "file" / "report.json", REPORT)


def test_workers_results_make_one_report() -> None:
    facts = [
        {"test": test.to_json(), "server": server, "notes": ["a", "b"], "production": None}
        for test, server in zip(REPORT.tests, (None, "PostgreSQL 18.6 (embedded)"), strict=True)
    ]
    made = summarise(facts, level="dev", seed=1, started=NOW, interrupted=False)
    assert made.tests == REPORT.tests
    assert made.server == "PostgreSQL 18.6 (embedded)"
    assert made.notes == ("a", "b")


def test_a_fingerprint_survives_moved_lines_and_other_values() -> None:
    assert FINDING.source is not None
    moved = replace(FINDING, source=replace(FINDING.source, line=99), title="reads 5 rows", test="other")
    assert moved.fingerprint == FINDING.fingerprint
    assert replace(FINDING, rule="spill").fingerprint != FINDING.fingerprint
