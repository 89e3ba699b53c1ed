"""What the page on surviving faults teaches survives them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_prodparity.databases.provider import Server
from tests.docs.pages import DOCS
from tests.project import Project, Result, production

PAGE = (DOCS / "how-to/survive-faults.md").read_text(encoding="utf-8")

TESTS = """\
import asyncio

import again, deadline, once, pooled, whole
import pytest

pytestmark = pytest.mark.prodparity


@pytest.fixture
def dsn(parity_db):
    parity_db.owner.execute("INSERT INTO account VALUES (1, 100), (2, 0)")
    return parity_db.dsn


def balances(parity_db):
    return [row[0] for row in parity_db.owner.execute("SELECT balance FROM account ORDER BY id")]


def test_whole(dsn, parity_db):
    whole.transfer(dsn, 1, 2, 80)
    assert balances(parity_db) == [20, 80]


@pytest.mark.prodparity(faults="tolerate")
def test_again(dsn, parity_db):
    again.close_for_sure(dsn, 1)
    assert balances(parity_db) == [0, 0]


@pytest.mark.prodparity(faults="tolerate")
def test_once(dsn, parity_db):
    once.pay_once(dsn, "r-1", 1, 80)
    assert balances(parity_db) == [20, 0]


def test_deadline(dsn, parity_db):
    assert asyncio.run(deadline.balance(dsn, 1)) == 100


def test_pooled(dsn, parity_db):
    pooled.open_account(parity_db.url, 3)
    assert balances(parity_db) == [100, 0, 0]
"""

SETTINGS = """\
[tool.prodparity.levels.staging]
rows = 0
growth = false
latency = 0
"""


@pytest.fixture(scope="module")
def swept(server: Server, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("survive") / "a project"
    (tables,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    production(server, "survive", tables, folder)
    examples = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.DOTALL))
    assert sorted(examples) == ["again.py", "deadline.py", "once.py", "pooled.py", "whole.py"]
    made = Project(folder, cache).write({"pyproject.toml": SETTINGS, "test_them.py": TESTS, **examples})
    return made.run("--parity-level=staging", "--parity-database=embedded", "-v", timeout=300)


def test_each_example_survives(swept: Result) -> None:
    assert swept.outcomes == {"passed": 5}, swept.out
    assert swept.report is not None
    assert swept.report["findings"] == []
    scenarios = {test["id"]: test["scenarios"] for test in swept.report["tests"]}
    assert all(len(each) > 4 for each in scenarios.values())
    assert not any("cannot tell" in one["outcome"] for each in scenarios.values() for one in each), swept.out


def test_the_two_that_must_get_over_it_do(swept: Result) -> None:
    assert swept.report is not None
    for test in swept.report["tests"]:
        if test["id"].endswith(("test_again", "test_once")):
            assert {one["outcome"] for one in test["scenarios"]} == {"got over it"}
