"""What `prodparity gate` takes to decide about 100,000 findings from 50 report files: seconds, and memory at its peak; and the page of 2,000.

The whole command, as a job types it: interpreter, imports, reading, deciding, printing. `PRODPARITY_GATE_FINDINGS` sets the number.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pytest_prodparity.core.findings import Finding, Judgement, Remedy, Source
from pytest_prodparity.core.rules import RULES
from pytest_prodparity.gate.report import Production, Report, TestReport, write
from tests.browser.chromium import chromium, program

FINDINGS = int(os.environ.get("PRODPARITY_GATE_FINDINGS", "100000"))
FILES = 50
ON_PAGE = 2_000
RUNS = 5

COMMAND = """
import resource, sys
from pytest_prodparity.cli import main
try:
    main()
finally:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(peak if sys.platform == "darwin" else peak * 1024, file=sys.stderr)
"""


def run() -> tuple[list[list[str]], dict[str, object]]:
    """The files are written as a run writes them; each finding is one of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = _write(folder)
        paths = sorted(str(path) for path in folder.glob("reports/*.json"))
        chance = random.Random(0)
        seconds, processor, peaks, said = [], [], [], set()
        for _ in range(RUNS):
            chance.shuffle(paths)
            began, spent = time.perf_counter(), _spent()
            done = subprocess.run(
                [sys.executable, "-c", COMMAND, "gate", *paths], cwd=folder, capture_output=True, text=True, check=False
            )
            seconds.append(time.perf_counter() - began)
            processor.append(_spent() - spent)
            if done.returncode != 1:
                raise SystemExit(f"it did not decide:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            peaks.append(int(done.stderr.split()[-1]))
            said.add(hashlib.sha256(done.stdout.encode()).hexdigest())
        page = _page(folder)
    median, peak = statistics.median(seconds), max(peaks) / (1 << 20)
    table = [
        [f"{FINDINGS:,} findings from {FILES} files, {size / (1 << 20):,.0f} MB", ""],
        [f"decide, median of {RUNS}", f"{median:.2f} s"],
        ["slowest", f"{max(seconds):.2f} s"],
        ["of a processor, median", f"{statistics.median(processor):.2f} s"],
        ["memory at its peak", f"{peak:,.0f} MB"],
        ["different outputs for shuffled files", str(len(said) - 1)],
        [f"page of {ON_PAGE:,} findings", f"{page['bytes'] / 1e6:.2f} MB"],
        ["made in", f"{page['made_s']:.2f} s"],
        [
            f"can be used in Chromium after, median of {RUNS}",
            f"{page['usable_s']:.2f} s" if page["usable_s"] else "no Chromium",
        ],
        ["slowest", f"{page['slowest_s']:.2f} s" if page["usable_s"] else "no Chromium"],
    ]
    return table, {
        "decide_s": round(median, 2),
        "processor_s": round(statistics.median(processor), 2),
        "peak_mb": round(peak),
        "findings": FINDINGS,
        "same": len(said) == 1,
        "page": page,
    }


def _page(folder: Path) -> dict[str, float]:
    """Size, seconds to make it, and from the beginning of the navigation until it was painted and its filter has answered."""
    report = _write_page(folder)
    path = folder / "page.html"
    began = time.perf_counter()
    command = [sys.executable, "-c", COMMAND, "report", str(report), "--format", "html", "-o", str(path)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    told = {
        "bytes": float(path.stat().st_size),
        "made_s": round(time.perf_counter() - began, 2),
        "usable_s": 0.0,
        "slowest_s": 0.0,
    }
    if program() is None:
        return told
    took = []
    profile = folder / "chromium"
    profile.mkdir()
    with chromium(profile) as browser:
        for _ in range(RUNS):
            browser.open(path)
            took.append(browser.evaluate(USABLE) / 1000)
            if browser.evaluate("document.querySelectorAll('.findings > li:not([hidden])').length") != 1:
                raise SystemExit("the filter did not answer")
    return {**told, "usable_s": round(statistics.median(took), 2), "slowest_s": round(max(took), 2)}


USABLE = """
new Promise((done) => {
  const input = document.querySelector("input[type=search]");
  input.value = "method_1999";
  input.dispatchEvent(new Event("input", {bubbles: true}));
  requestAnimationFrame(() => setTimeout(() => done(performance.now())));
})
"""
"""`performance.now()` counts from the beginning of the navigation."""


def _spent() -> float:
    """Processor seconds of children: what a busy machine does not stretch as much."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _write(folder: Path) -> int:
    rules = [rule for rule in RULES if rule != "flaky"]
    for at in range(FILES):
        tests = []
        for number in range(at, FINDINGS, FILES):
            test = f"tests/module_{number % 997}/test_things.py::test_number_{number // 4}"
            tests.append(
                TestReport(
                    id=test,
                    outcome="failed",
                    judgement=Judgement(findings=(_finding(number, test, rules),), statements=9),
                )
            )
        report = Report(
            level="staging", seed=0, started_at="2026-11-23T12:00:00+00:00", seconds=1.0, tests=tuple(tests),
            production=Production(version=160004, tables=214, size=1 << 40, captured_at="2026-11-20", origin="captured", key="k"),
        )  # fmt: skip
        write(folder / "reports" / f"{at}.json", report)
    return sum(path.stat().st_size for path in folder.glob("reports/*.json"))


def _write_page(folder: Path) -> Path:
    rules = [rule for rule in RULES if rule != "flaky"]
    tests = tuple(
        TestReport(
            id=f"t{number}.py::t",
            outcome="failed",
            judgement=Judgement(findings=(_finding(number, f"t{number}.py::t", rules),)),
        )
        for number in range(ON_PAGE)
    )
    report = Report(level="staging", seed=0, started_at="2026-11-23T12:00:00+00:00", seconds=1.0, tests=tests)
    write(folder / "page.json", report)
    return folder / "page.json"


def _finding(number: int, test: str, rules: list[str]) -> Finding:
    table = f"table_{number % 211}"
    statement = f"SELECT id, customer_id, status, total, placed_at FROM {table} WHERE customer_id = $1 AND status = $2 ORDER BY placed_at"
    return Finding(
        rule=rules[number % len(rules)],
        title=f"reads {number * 37:,} rows to return 12",
        subject=table,
        test=test,
        source=Source(path=f"shop/module_{number % 997}/things.py", line=number % 900 + 1, function=f"Things.method_{number}"),
        statement=statement,
        production=f"Parallel Seq Scan on {table}, about 9 s; statement_timeout is 5 s",
        plan=("Gather Merge  (cost=1000.00..524288.00 rows=12)", f"  Parallel Seq Scan on {table}  (rows=12)", "    Filter: …"),
        details={"rows": number * 37, "returned": 12, "threshold": 50_000},
        remedy=Remedy(text="", sql=f"CREATE INDEX CONCURRENTLY ON {table} (customer_id, status);", proof="Index Scan, 12 rows"),
        replay=f"pytest {test} --parity-level=staging",
    )  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(run()[1]))
