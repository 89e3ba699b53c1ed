"""`gate --diff`: what counts is what a change touches or causes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.core.findings import Source
from pytest_prodparity.gate.change import changed, parsed
from pytest_prodparity.gate.gathered import Gathered, gather
from pytest_prodparity.gate.policy import Policy
from pytest_prodparity.gate.report import Report
from pytest_prodparity.gate.verdict import Verdict, decide
from tests.gate.reports import found, run, written
from tests.gate.repository import commit, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git tells what changed")

ORDERS = """\
LIMIT = 10


def open_orders(db):
    rows = db.query("SELECT * FROM orders")
    return rows[:LIMIT]


@cached
def closed_orders(db):
    return db.query("SELECT * FROM closed")
"""
TESTS = """\
from shop.orders import open_orders


def test_open(parity_db):
    assert open_orders(parity_db)


class TestClosed:
    def test_closed(self, parity_db):
        assert parity_db
"""
OPEN = found(at="shop/orders.py:5")
CLOSED = found(
    at="shop/orders.py:11",
    function="closed_orders",
    subject="closed",
    test="tests/test_orders.py::TestClosed::test_closed[x]",
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A branch `work` that begins at `main`."""
    folder = tmp_path / "my shop"
    (folder / "shop").mkdir(parents=True)
    (folder / "tests").mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "shop/orders.py").write_text(ORDERS)
    (folder / "tests/test_orders.py").write_text(TESTS)
    commit(folder)
    git(folder, "checkout", "-q", "-b", "work")
    return folder


def edit(repository: Path, path: str, old: str, new: str) -> None:
    file = repository / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def judged(repository: Path, report: Report, *before: Report, revision: str = "main", clean: bool = False) -> Verdict:
    """With `clean`, the report's commit is left as it is."""
    folder = repository.parent
    head, base = git(repository, "rev-parse", "HEAD"), git(repository, "rev-parse", "main")
    (folder / "before").mkdir(exist_ok=True)
    now = gather(written(folder, report if clean else replace(report, commit=head)), keep=True)
    old: Gathered | None = (
        gather(written(folder / "before", *(replace(one, commit=base) for one in before))) if before else None
    )
    change = changed(repository, revision, now, old)
    return decide(now, Policy.parse({}), today=date(2026, 11, 24), change=change)


def counted(verdict: Verdict) -> set[str]:
    return {one.met.subject for one in verdict.findings if one.action}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("FROM orders", "FROM orders WHERE true", {"orders"}),
        ("    return rows[:LIMIT]\n", "    return rows\n", {"orders"}),
        ("    rows = db", "    db.begin()\n    rows = db", {"orders"}),
        ("LIMIT = 10", "LIMIT = 20", set()),
        ("@cached\n", "@cached\n@logged\n", {"closed"}),
        ("\n\n\n@cached", "\n\n\ndef other(): ...\n\n\n@cached", set()),
    ],
    ids=["the line", "the function", "a line added", "elsewhere", "a decorator", "between functions"],
)  # fmt: skip
def test_a_finding_counts_where_its_function_was_touched(
    repository: Path, old: str, new: str, expected: set[str]
) -> None:
    edit(repository, "shop/orders.py", old, new)
    shift = new.count("\n") - old.count("\n")
    at = ORDERS.index(old)
    lines = {
        each: each + shift if ORDERS.splitlines(keepends=True)[each - 1] in ORDERS[at:] else each for each in (5, 11)
    }
    moved = [
        replace(one, source=replace(one.source, line=lines[one.source.line])) for one in (OPEN, CLOSED) if one.source
    ]
    verdict = judged(repository, run(*moved))
    assert counted(verdict) == expected
    assert verdict.answer == ("block" if expected else "pass")
    assert verdict.counts["elsewhere"] == 2 - len(expected)


def test_a_function_that_lost_its_last_line_was_touched(repository: Path) -> None:
    edit(repository, "shop/orders.py", "    return rows[:LIMIT]\n", "")
    assert counted(
        judged(repository, run(OPEN, replace(CLOSED, source=Source.parse("shop/orders.py:10", "closed_orders"))))
    ) == {"orders"}


def test_what_stood_behind_a_function_was_none_of_it(repository: Path) -> None:
    edit(repository, "shop/orders.py", ORDERS[ORDERS.index("\n\n@cached") :], "")
    assert counted(judged(repository, run(OPEN))) == set()


def test_who_calls_a_line_and_the_test_that_meets_it_count_too(repository: Path) -> None:
    (repository / "shop/api.py").write_text("def get(db):\n    return open_orders(db)\n")
    called = replace(OPEN, details={"called_from": ["shop/api.py:2 get", "tests/test_orders.py:5 test_open"]})
    assert counted(judged(repository, run(called, CLOSED))) == {"orders"}, (
        "not added yet, and of the change all the same"
    )
    commit(repository)
    assert counted(judged(repository, run(called, CLOSED))) == {"orders"}
    edit(repository, "tests/test_orders.py", "        assert parity_db\n", "        assert parity_db.url\n")
    assert counted(judged(repository, run(OPEN, CLOSED))) == {"closed"}


def test_what_was_done_on_the_other_branch_meanwhile_is_not_of_the_change(repository: Path) -> None:
    edit(repository, "shop/orders.py", "FROM closed", "FROM closed WHERE true")
    commit(repository)
    git(repository, "checkout", "-q", "main")
    edit(repository, "shop/orders.py", "FROM orders", "FROM orders LIMIT 9")
    commit(repository)
    git(repository, "checkout", "-q", "work")
    assert counted(judged(repository, run(OPEN, CLOSED))) == {"closed"}


def test_what_was_not_found_before_is_caused_by_the_change(repository: Path) -> None:
    (repository / "migrate.sql").write_text("DROP INDEX orders_customer_id_idx;\n")
    unsure = judged(repository, run(OPEN, CLOSED))
    assert (unsure.answer, counted(unsure)) == ("warn", set())
    assert "migrate.sql changed, which may cause findings anywhere" in unsure.reasons[0].text
    ran = (OPEN.test, CLOSED.test)
    assert counted(judged(repository, run(OPEN, CLOSED), run(CLOSED, clean=ran))) == {"orders"}
    moved = replace(OPEN, source=Source.parse("shop/renamed.py:5", "open_orders"))
    assert counted(judged(repository, run(moved), run(OPEN, clean=ran))) == set()


def test_before_says_nothing_of_tests_and_levels_that_it_does_not_have(repository: Path) -> None:
    (repository / "migrate.sql").write_text("DROP INDEX orders_customer_id_idx;\n")
    assert counted(judged(repository, run(OPEN), run())) == set()
    assert counted(judged(repository, run(OPEN, level="staging"), run(clean=(OPEN.test,)))) == set()


def test_reports_of_another_commit_cannot_be_judged(repository: Path) -> None:
    verdict = judged(repository, run(OPEN), clean=True)
    assert verdict.answer == "cannot judge"
    assert "the reports are of commit 0123456789ab, and " in verdict.reasons[0].text


def test_the_project_may_be_a_folder_of_its_repository(repository: Path) -> None:
    (repository / "backend/shop").mkdir(parents=True)
    git(repository, "mv", "shop/orders.py", "backend/shop/orders.py")
    commit(repository)
    edit(repository / "backend", "shop/orders.py", "FROM orders", "FROM orders WHERE true")
    assert counted(judged(repository / "backend", run(OPEN, CLOSED), revision="HEAD")) == {"orders"}


def test_lines_are_read_whatever_they_hold() -> None:
    diff = (
        'diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1,2 @@ def f():\n--- x\n+++ b/evil\n+@@ -1 +1 @@\n@@ -9,2 +10,0 @@\n-a\n-b\n'
        'diff --git "a/\\t" "b/\\t"\n--- /dev/null\n+++ "b/\\t\\"\\303\\274.py"\n@@ -0,0 +1,3 @@\n+1\n+2\n+3\n\\ No newline at end of file\n'
        "diff --git a/gone b/gone\n--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    )  # fmt: skip
    assert parsed(diff) == {"a": [(1, 2), (10.5, 10.5)], '\t"ü.py': [(1, 3)]}


@pytest.mark.parametrize(
    ("revision", "said"),
    [("nowhere", "there is no revision 'nowhere' here"), ("--output=x", "'--output=x' is no revision"), ("", "'' is no revision")],
)  # fmt: skip
def test_a_revision_that_is_not_there_is_one_message(repository: Path, revision: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        changed(repository, revision, Gathered(), None)
    assert not (repository / "x").exists()


def test_no_repository_is_one_message(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(ProdparityError, match="git rev-parse failed"):
        changed(tmp_path, "main", Gathered(), None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProdparityError, match="there is no git on the PATH"):
        changed(tmp_path, "main", Gathered(), None)
