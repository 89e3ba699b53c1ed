"""What one fault scenario of a test with ten round trips takes, at 1 GB, everything: fixtures, the call, the way back.

The times are the plugin's own, which it shows with `-v`; faults that wait on purpose are left out of the median.
`PRODPARITY_SWEEP_ROWS` sets the rows of `orders`.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.first_test import PARITY, _cache

ROWS = int(os.environ.get("PRODPARITY_SWEEP_ROWS", "7500000"))

APP = """
import psycopg


def order(dsn, customer, lines):
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT name FROM customers WHERE id = %s", (customer,)).fetchone()
        for _ in range(lines):
            connection.execute(
                "INSERT INTO orders (customer_id, status, total, placed_at) VALUES (%s, 'open', 5, now())", (customer,)
            )
        connection.execute("UPDATE customers SET country = 'FR' WHERE id = %s", (customer,))
"""

TESTS = """
import app
import pytest


@pytest.mark.prodparity(rows={{"orders": {rows}}})
def test_order(parity_db):
    customer = parity_db.sample("customers")[0]["id"]
    app.order(parity_db.dsn, customer, 6)
"""

SETTINGS = """
[tool.pytest.ini_options]
pythonpath = ["."]
[tool.prodparity]
profile = "{profile}"
[tool.prodparity.levels.staging]
growth = false
latency = 0
rows = "all"
max_bytes = "20 GB"
"""


def run() -> tuple[list[list[str]], dict[str, object]]:
    """One test, swept at staging."""
    with _cache() as cache, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").write_text(SETTINGS.format(profile=PARITY.resolve()))
        (folder / "app.py").write_text(APP)
        (folder / "test_order.py").write_text(TESTS.format(rows=ROWS))
        foreign = ("PYTEST_", "PRODPARITY_")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PRODPARITY_CACHE": str(cache)}
        call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_prodparity.plugin"]
        level = ("--parity-level=staging", "--parity-database=embedded")
        done = subprocess.run([*call, *level], cwd=folder, env=environment, capture_output=True, text=True, check=False)
        report = json.loads((folder / ".prodparity/report.json").read_text())
        (test,) = report["tests"]
        size = re.search(r"([\d.]+) (MB|GB) of rows", report["server"])
        if done.returncode != 0 or not test["scenarios"] or size is None:
            raise SystemExit(f"the test was not swept:\n{done.stdout[-4000:]}{done.stderr}")
    quick = [one["seconds"] for one in test["scenarios"] if not one["token"].endswith(("black-hole", "half-open"))]
    megabytes = float(size[1]) * (1024 if size[2] == "GB" else 1)
    median = statistics.median(quick) * 1000
    table = [
        ["one fault scenario", ""],
        ["median", f"{median:.0f} ms"],
        ["the slowest tenth, from", f"{sorted(quick)[-len(quick) // 10] * 1000:.0f} ms"],
        ["scenarios", str(len(test["scenarios"]))],
        ["round trips of the test", str(test["trips"])],
        ["rows", f"{megabytes:,.0f} MB"],
    ]
    return table, {"scenario_ms": round(median, 1), "trips": test["trips"], "db_mb": round(megabytes)}
