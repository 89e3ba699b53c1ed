"""What the plugin adds to a test that only reads, and to an example of Hypothesis."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.first_test import PARITY, _cache
from pytest_prodparity.databases.embedded import Embedded

ROUNDS = 200
WARM = 10

CONFTEST = """
import json

seconds = {}


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.callspec.params["number"] if hasattr(item, "callspec") else 0)


def pytest_runtest_logreport(report):
    seconds[report.nodeid] = seconds.get(report.nodeid, 0) + report.duration


def pytest_unconfigure():
    with open("seconds.json", "w") as file:
        json.dump(seconds, file)
"""

TESTS = """
import os

import psycopg
import pytest


@pytest.mark.parametrize("number", range({rounds}))
def test_bare(number):
    with psycopg.connect(os.environ["BARE"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.prodparity
@pytest.mark.parametrize("number", range({rounds}))
def test_marked(parity_db, number):
    with psycopg.connect(parity_db.dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
"""


def overhead_ms() -> float:
    """Median duration of a marked test (set-up, call, teardown) less that of the same on a bare connection, in turns."""
    provider = Embedded(throw_away=True)
    try:
        with _cache() as cache, tempfile.TemporaryDirectory() as name:
            return _measured(Path(name), cache, provider.start().dsn())
    finally:
        provider.stop()


EXAMPLES = """
import json
import os
import time

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

began = []
INSERT = "INSERT INTO customers VALUES (%s, 'a@b.example', 'Ann', 'DE', now())"


def example(connection, number):
    began.append(time.perf_counter())
    connection.execute(INSERT, (number,))
    connection.execute("UPDATE customers SET name = 'Bob' WHERE id = %s", (number,))


def told(name):
    with open(name, "w") as file:
        json.dump([after - before for before, after in zip(began, began[1:])], file)
    began.clear()


@pytest.mark.prodparity
@settings(max_examples={rounds}, deadline=None, database=None)
@given(st.integers(1_000_000_000, 2_000_000_000))
def test_marked(wired, number):
    example(wired, number)


@pytest.fixture(scope="module")
def wired():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as opened:
        yield opened
    told("marked.json")
"""


def example_ms() -> float:
    """Median time from one committing example to the next of a marked test, with what the example itself sends."""
    provider = Embedded(throw_away=True)
    try:
        with _cache() as cache, tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _run(folder, cache, provider.start().dsn(), EXAMPLES.format(rounds=ROUNDS))
            return statistics.median(json.loads((folder / "marked.json").read_text())[WARM:]) * 1000
    finally:
        provider.stop()


def _run(folder: Path, cache: Path, bare: str, tests: str) -> None:
    (folder / "pyproject.toml").write_text(
        f'[tool.pytest.ini_options]\n[tool.prodparity]\nprofile = "{PARITY.resolve()}"\n'
        '[tool.prodparity.env]\nDATABASE_URL = "{db.dsn}"\n'
    )
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_reads.py").write_text(tests)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PRODPARITY_"))}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PRODPARITY_CACHE": str(cache), "BARE": bare}
    call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_prodparity.plugin"]
    done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the tests did not pass:\n{done.stdout[-4000:]}{done.stderr}")


def _measured(folder: Path, cache: Path, bare: str) -> float:
    _run(folder, cache, bare, TESTS.format(rounds=ROUNDS))
    seconds = json.loads((folder / "seconds.json").read_text())
    medians = {
        kind: statistics.median([value for name, value in seconds.items() if f"::test_{kind}[" in name][WARM:])
        for kind in ("bare", "marked")
    }
    return (medians["marked"] - medians["bare"]) * 1000
