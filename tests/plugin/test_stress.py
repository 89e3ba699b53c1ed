"""`parity_stress` in a project: what a test gets, what it fails with, what is left of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from pytest_prodparity.gate.gathered import gather
from pytest_prodparity.gate.policy import Policy
from pytest_prodparity.gate.render import html
from pytest_prodparity.gate.verdict import decide
from tests.project import Project, Result

Make = Callable[[Mapping[str, str]], Project]

APP = """\
import asyncpg
import psycopg
from psycopg_pool import ConnectionPool


def opened(dsn, **options):
    return ConnectionPool(dsn, min_size=1, max_size=3, open=True, **options)


def name(pool, number):
    with pool.connection() as connection:
        connection.execute("SELECT name FROM country WHERE code = 'x'")
        connection.execute("INSERT INTO country VALUES (gen_random_uuid()::text, %s)", (str(number),))


def swap(dsn, number):
    first, second = ("a", "b") if number % 2 else ("b", "a")
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE country SET name = name WHERE code = %s", (first,))
        connection.execute("UPDATE country SET name = name WHERE code = %s", (second,))


def swap_or_fail(dsn, number):
    swap(dsn, number)
    if number:
        raise ValueError(f"no price for actor {number}")


def nested(pool):
    with pool.connection(), pool.connection(timeout=0.1):
        pass


def broken(dsn):
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO country VALUES ('same', 'x')")
"""

TESTS = """\
import app
import asyncpg
import pytest

pytestmark = pytest.mark.prodparity
SHORT = dict(actors=4, seconds=0.4, warmup=0.1, patience=1)


def count(parity_db):
    return parity_db.owner.execute("SELECT count(*) FROM country").fetchone()[0]


def test_clean(parity_db, parity_stress):
    with app.opened(parity_db.dsn) as pool:
        stress = parity_stress(lambda n: app.name(pool, n), **SHORT, invariant=lambda stress: count(parity_db) == stress.done)
    assert stress.latency.p50 < 5
    assert len(parity_db.delta()) == stress.done > 4
    print(stress)


def test_nothing_of_it_is_left(parity_db):
    assert count(parity_db) == 0


@pytest.fixture
def rows(parity_db):
    parity_db.owner.execute("INSERT INTO country VALUES ('a', 'x'), ('b', 'y')")


def test_deadlock(parity_db, parity_stress, rows):
    parity_stress(lambda n: app.swap(parity_db.dsn, n), 2, 1.5, warmup=0)


def test_pool(parity_db, parity_stress):
    with app.opened(parity_db.dsn) as pool:
        parity_stress(lambda: app.nested(pool), **SHORT)


@pytest.mark.prodparity(allow=["pool-exhausted"])
def test_accepted(parity_db, parity_stress):
    with app.opened(parity_db.dsn) as pool:
        stress = parity_stress(lambda: app.nested(pool), **SHORT)
    assert [found.rule for found in stress.findings] == ["pool-exhausted"]


def test_invariant(parity_db, parity_stress):
    with app.opened(parity_db.dsn) as pool:
        parity_stress(lambda n: app.name(pool, n), **SHORT, invariant=lambda: count(parity_db) == 0)


def test_both(parity_db, parity_stress, rows):
    parity_stress(lambda n: app.swap_or_fail(parity_db.dsn, n), 2, 1.5, warmup=0)


def test_own(parity_db, parity_stress):
    parity_stress(lambda: app.broken(parity_db.dsn), **SHORT)


@pytest.mark.asyncio
async def test_async(parity_db, parity_stress):
    pool = await asyncpg.create_pool(parity_db.dsn, min_size=1, max_size=2)
    stress = await parity_stress(lambda: pool.execute("INSERT INTO country VALUES (gen_random_uuid()::text, 'x')"), **SHORT)
    await pool.close()
    assert count(parity_db) == stress.done


def test_wrong(parity_db, parity_stress):
    parity_stress(lambda: None, actors=0)


def test_last(parity_db):
    assert count(parity_db) == 0
"""
EMPTY = """\
[tool.prodparity.levels.dev]
rows = 0
[tool.pytest.ini_options]
asyncio_default_fixture_loop_scope = "function"
"""


@pytest.fixture(scope="module")
def ran(module_project: Make) -> Result:
    project = module_project({"pyproject.toml": EMPTY, "app.py": APP, "test_app.py": TESTS})
    return project.run("-s")


def of(ran: Result, test: str) -> list[tuple[str, str | None]]:
    assert ran.report is not None, ran.out
    return [
        (found["rule"], found["source"]) for found in ran.report["findings"] if found["test"] == f"test_app.py::{test}"
    ]


def line(part: str) -> str:
    (found,) = [number for number, text in enumerate(APP.splitlines(), 1) if part in text]
    return f"app.py:{found}"


def test_a_load_without_findings_passes_and_is_taken_back(ran: Result) -> None:
    assert ran.outcomes == {"passed": 5, "failed": 6}, ran.out
    assert "4 actors (each calls again when it is done), 0.4 s: " in ran.out
    assert of(ran, "test_clean") == []


def test_the_report_has_what_a_load_came_to_with_calls_for_a_plot(ran: Result) -> None:
    assert ran.report is not None
    loads = {test["id"].partition("::")[2]: test["loads"] for test in ran.report["tests"]}
    (load,) = loads["test_clean"]
    assert (load["actors"], load["seconds"], load["rate"], load["errors"]) == (4, 0.4, None, {})
    assert load["source"].startswith("test_app.py:")
    assert 0 < load["latency"]["p50"] <= load["latency"]["max"]
    assert 0 < len(load["points"]) <= min(600, load["calls"])
    assert [len(loads[name]) for name in ("test_deadlock", "test_own", "test_wrong")] == [1, 1, 0]


def test_a_load_has_its_picture_on_the_page(ran: Result, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps(ran.report), encoding="utf-8")
    verdict = decide(gather([path], keep=True), Policy.parse({}), today=date(2026, 11, 24))
    text = html.text(verdict)
    assert ran.report is not None
    loads = [load for test in ran.report["tests"] for load in test["loads"]]
    assert text.count('<section class="load">') == len(loads) > 3
    assert text.count("<svg ") == sum(bool(load["points"]) for load in loads) > 0


def test_findings_fail_the_test_with_the_figures_below(ran: Result) -> None:
    ((rule, source),) = of(ran, "test_deadlock")
    assert rule == "deadlock"
    assert source is not None
    assert source.startswith("app.py:")
    assert "2 actors (each calls again when it is done), 1.5 s: " in ran.out
    assert "replay: pytest test_app.py::test_deadlock --parity-level=dev" in ran.out
    assert of(ran, "test_pool") == [("pool-exhausted", line("timeout=0.1"))]
    number = next(n for n, text in enumerate(TESTS.splitlines(), 1) if "count(parity_db) == 0)" in text)
    assert of(ran, "test_invariant") == [("invariant-broken", f"test_app.py:{number}")]


def test_the_calls_own_failure_is_raised_with_counts(ran: Result) -> None:
    assert of(ran, "test_own") == []
    assert "calls failed by themselves: UniqueViolation (23505)" in ran.out
    assert "prodparity/races" not in ran.out  # no frame of ours in its traceback


def test_findings_beside_it_are_reported(ran: Result) -> None:
    assert [rule for rule, _ in of(ran, "test_both")] == ["deadlock"]
    assert "ValueError: no price for actor 1" in ran.out


def test_what_cannot_be_asked_is_said(ran: Result) -> None:
    assert "parity_stress: actors=0 is not a number from 1 to 500." in ran.out
