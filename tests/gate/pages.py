"""Reports with everything that a page shows, harmless and hostile, for the tests of the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pytest_prodparity.core.findings import Finding, Judgement, Remedy, Untold
from pytest_prodparity.gate.gathered import gather
from pytest_prodparity.gate.policy import Policy
from pytest_prodparity.gate.render import html
from pytest_prodparity.gate.report import LoadReport, RaceReport, Report, ScenarioReport, TestReport
from pytest_prodparity.gate.verdict import Verdict, decide
from tests.gate.reports import found, run, written

EVIL = (
    '<script>alert(1)</script></script></style></title><img src=x onerror=alert(1)>" onmouseover="alert(1)" \' onfocus=\'x javascript:alert(1) '
    "<!-- --> ]]> &lt; &#60; <svg onload=alert(1)> \x1b[31m\x00\x07\x85\u2028\u202e\ufffe\ud800 \n\n<details open ontoggle=alert(1)>"
)
ORDER = (
    "   A  app.pay(order, 30)                           B  app.pay(order, 50)",
    " 1 SELECT total FROM orders WHERE id = $1",
    "     app.py:9 · 1 row",
    " 2                                                 SELECT total FROM orders WHERE id = $1",
    "                                                     app.py:9 · waits for A",
    "                                                   … 2 goes on: 1 row",
    "A raises ValueError",
    "In the end, held against A, then B:",
    "  expected  ~ orders(id=1) total: 100 -> 20",
)
THREE = (
    "A = first(1)",
    "B = second(2)",
    "C = third(3)",
    " 1 A  UPDATE t SET n = $1      app.py:4 · UPDATE 1",
    " 2 C  UPDATE t SET n = $1      app.py:8 · waits for A",
    "   C    … 2 goes on: UPDATE 1",
    "C raises DeadlockDetected (40P01)",
)
PLAN = (
    "Limit  (cost=0.00..9.22 rows=1 width=100)",
    "  ->  Seq Scan on orders  (cost=0.00..147550.00 rows=48211904 width=100)",
    "        Filter: (customer_id = '…'::bigint)",
)


def page(folder: Path, *reports: Report, **policy: Any) -> str:
    return html.text(verdict(folder, *reports, **policy))


def verdict(folder: Path, *reports: Report, **policy: Any) -> Verdict:
    gathered = gather(written(folder, *reports), keep=True)
    return decide(gathered, Policy.parse(policy), today=date(2026, 11, 24))


def tried(test: str = "tests/a.py::test_pay", said: str = "") -> TestReport:
    """One that was put through everything; `said` in each field that is text."""

    def scenario(trip: int, what: str, kind: str, outcome: str) -> ScenarioReport:
        return ScenarioReport(
            token=f"{trip:06x}:{said or kind}", fault=said or f"{kind} at {what}", source=said or "shop/pay.py:58",
            outcome=said or outcome, seconds=0.12, trip=trip, what=said or what,
        )  # fmt: skip

    return TestReport(
        id=test,
        outcome="failed",
        scenarios=(
            scenario(1, "BEGIN", "reset-peer", "got over it"),
            scenario(2, "COMMIT", "reset-peer", "failed cleanly with OperationalError"),
            scenario(2, "COMMIT", "reply-lost", "double-apply"),
            scenario(2, "COMMIT", "40001:window", "cannot tell: it ended"),
        ),
        left_out=3,
        races=(RaceReport(verdict=said or "found", schedules=13, exhausted=False, source=said or "t.py:3", seconds=0.4, why=said or "no time"),),
        loads=(
            LoadReport(
                source=said or "t.py:9", actors=16, seconds=5.0, rate=None, calls=900, throughput=180.0, measured=said or "closed",
                latency={"p50": 0.0132, "max": 1.2}, errors={said or "DeadlockDetected (40P01)": 2}, hung=1, notes=(said or "a note",),
                points=((0.1, 0.013, None), (0.2, 0.5, said or "DeadlockDetected (40P01)")),
            ),
        ),
    )  # fmt: skip


def with_tests(report: Report, *tests: TestReport) -> Report:
    return replace(report, tests=(*report.tests, *tests))


def hostile() -> Report:
    """In each field that a program under test, its database or its file names can say something."""
    finding = Finding(
        rule=EVIL, title=EVIL, subject=EVIL, test=f"{EVIL}.py::{EVIL}", source=found(at=f"{' '.join(EVIL.split())}.py:3", function=EVIL).source,
        statement=EVIL, production=EVIL, plan=(*PLAN, EVIL, f"  ->  {EVIL}  (cost=0.00..1.00 rows=3 width=1){EVIL}"), trace=(*ORDER[:3], EVIL),
        details={EVIL: EVIL, "also": [{"rule": EVIL, "title": EVIL, "sql": EVIL}], "called_from": [EVIL], "isolationtester": EVIL, "list": [EVIL, {EVIL: EVIL}]},
        remedy=Remedy(text=EVIL, sql=EVIL, proof=EVIL), replay=EVIL,
    )  # fmt: skip
    others = [
        replace(finding, trace=(EVIL,), subject="2"),
        replace(finding, trace=(f"A = {EVIL}", f" 1 A  {EVIL}"), subject="3"),
    ]
    others.append(
        replace(
            finding,
            subject="4",
            trace=(f"   A  {EVIL}   B  {EVIL}".replace("\n", " "), f" 1 {EVIL}"),
            details={"also": [EVIL]},
        )
    )
    report = with_tests(run(finding, *others, failed=(EVIL,), commit=EVIL), tried(EVIL, EVIL))
    untold = TestReport(id=EVIL, outcome="passed", judgement=Judgement(untold=(Untold(statement=EVIL, reason=EVIL),)))
    assert report.production is not None
    production = replace(report.production, captured_at=EVIL, origin=EVIL)
    return replace(
        with_tests(report, untold), server=EVIL, notes=(EVIL,), isolation=EVIL, started_at=EVIL, production=production
    )


def harmless(tmp_path: Path) -> str:
    finding = replace(
        found("not-serializable"),
        plan=PLAN,
        trace=ORDER,
        details={
            "n": 1,
            "also": [{"rule": "spill", "title": "x", "sql": "y"}],
            "called_from": ["a"],
            "isolationtester": "x",
        },
    )
    return page(tmp_path, with_tests(run(finding, found(), untold=1, failed=("x.py::t",)), tried(finding.test)))


def long(number: int, size: int = 700) -> Finding:
    return replace(
        found(at=f"shop/module{number}.py:{number + 1}", function=f"f{number}", title=f"{number} reads a lot of rows"),
        plan=PLAN * 3, statement="SELECT " + "x, " * (size // 3), details={"called_from": ["shop/api.py:9 get"], "scanned": 48_211_904},
    )  # fmt: skip
