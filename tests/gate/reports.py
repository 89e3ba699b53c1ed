"""Report files for the tests of the gate."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pytest_prodparity.core.findings import Finding, Judgement, Remedy, Source, Untold
from pytest_prodparity.gate.report import Production, Report, TestReport

FOLDER = Path(__file__).parent
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PRODUCTION = Production(
    version=160004, tables=214, size=1 << 40, captured_at="2026-11-20T12:00:00+00:00", origin="captured", key="k" * 64
)
UNTOLD = Untold(statement="SELECT 1", reason="a temporary table")


def found(rule: str = "seq-scan", at: str = "shop/orders.py:31", *, subject: str = "orders", function: str = "open_orders",
          title: str = "reads 48,211,904 rows to return 12", test: str = "tests/test_orders.py::test_open",
          statement: str | None = "SELECT * FROM orders WHERE customer_id = $1") -> Finding:  # fmt: skip
    """One finding."""
    return Finding(
        rule=rule,
        title=title,
        subject=subject,
        test=test,
        source=Source.parse(at, function) if at else None,
        statement=statement,
        production="Seq Scan on orders, about 9 s",
        plan=("Seq Scan on orders",),
        remedy=Remedy(text="", sql="CREATE INDEX CONCURRENTLY ON orders (customer_id);", proof="Index Scan, 12 rows"),
        replay=f"pytest {test} --parity-level=dev",
    )


def run(*findings: Finding, level: str = "dev", commit: str | None = COMMIT, key: str | None = "k" * 64, statements: int = 10,
        untold: int = 0, interrupted: bool = False, failed: Sequence[str] = (), clean: Sequence[str] = ("tests/a.py::test_a",),
        started: str = "2026-11-23T12:00:00+00:00") -> Report:  # fmt: skip
    """A run: one test for each test of the findings, `clean` ones, and `failed` ones."""
    by_test: dict[str, list[Finding]] = {}
    for finding in findings:
        by_test.setdefault(finding.test, []).append(finding)
    tests = [
        TestReport(id=test, outcome="failed", judgement=Judgement(findings=tuple(met), statements=1))
        for test, met in by_test.items()
    ]
    judged = Judgement(statements=statements, untold=(UNTOLD,) * untold)
    tests += [TestReport(id=test, outcome="passed", judgement=judged) for test in clean]
    tests += [TestReport(id=test, outcome="failed", failed_itself=True) for test in failed]
    production = None if key is None else replace(PRODUCTION, key=key)
    return Report(
        level=level, seed=7, started_at=started, seconds=1.0, tests=tuple(tests), production=production,
        interrupted=interrupted, commit=commit,
    )  # fmt: skip


def written(folder: Path, *reports: Report) -> list[Path]:
    """Their files."""
    paths = []
    for at, report in enumerate(reports):
        paths.append(folder / f"report{at}.json")
        paths[-1].write_text(json.dumps(report.to_json()), encoding="utf-8")
    return paths
