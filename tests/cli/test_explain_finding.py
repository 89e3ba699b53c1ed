"""`prodparity explain-finding`, as a coding agent types it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_prodparity.core.findings import Remedy
from tests.gate.pages import EVIL, PLAN
from tests.gate.reports import found, run, written
from tests.project import Project, run_command

WHOLE = replace(
    found(), plan=PLAN, remedy=Remedy(text="The key is not indexed.", sql="CREATE INDEX i ON orders (customer_id);", proof="Index Scan"),
    trace=tuple(f"step {number} of many in this order" for number in range(30)), details={"called_from": ["shop/api.py:9 get"], "scanned": 48_211_904},
)  # fmt: skip


@pytest.fixture
def here(tmp_path: Path) -> Project:
    written(tmp_path, run(WHOLE, found("spill", function="a"), found("spill", function="b")))
    return Project(tmp_path, tmp_path / "cache")


def test_what_to_do_comes_first_and_evidence_follows(here: Project) -> None:
    out = run_command(here, "explain-finding", WHOLE.fingerprint[:6], "--report", "report0.json")
    assert out.startswith(
        "seq-scan: reads 48,211,904 rows to return 12\n"
        f"at shop/orders.py:31 in open_orders · blocks · {WHOLE.fingerprint}\n"
        "to do:\n"
        "  1. in a migration, run on production: CREATE INDEX i ON orders (customer_id); (Index Scan)\n"
        "  2. The key is not indexed.\n"
        "  3. this must pass: pytest tests/test_orders.py::test_open --parity-level=dev\n"
        "statement:\n"
        "  SELECT * FROM orders WHERE customer_id = $1\n"
        "in production:\n"
        "  Seq Scan on orders, about 9 s\n"
        "what happens:\n"
        "  step 0 of many in this order\n"
    )
    assert out.endswith("figures:\n  scanned: 48,211,904\n")


@pytest.mark.parametrize("budget", [100, 200, 300, 1000])
def test_it_keeps_to_its_budget_and_says_what_it_left_out(here: Project, budget: int) -> None:
    out = run_command(here, "explain-finding", WHOLE.fingerprint, "--report", "report0.json", "--budget", str(budget))
    assert len(out) <= 3 * budget
    assert "this must pass" in out or budget == 100
    assert ("left out or cut: " in out) == (budget < 1000)


def test_without_a_name_all_are_listed_worst_first(here: Project) -> None:
    out = run_command(here, "explain-finding", "--report", "report0.json").splitlines()
    assert out[0] == "blocked: 3 findings"
    assert out[1].startswith(f"{WHOLE.fingerprint} blocks seq-scan reads 48,211,904 rows")
    assert len(out) == 5
    short = run_command(here, "explain-finding", "--report", "report0.json", "--budget", "110")
    assert len(short) <= 330
    assert "and 1 more finding; --budget 220 shows more" in short


def test_programs_get_json(here: Project) -> None:
    said = json.loads(run_command(here, "explain-finding", "seq-scan:orders", "--report", "report0.json", "--json"))
    assert (said["fingerprint"], said["action"], len(said["steps"]), said["tests"]) == (
        WHOLE.fingerprint, "block", 3, ["tests/test_orders.py::test_open"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("ffff",), 2, "No finding 'ffff' among 3."),
        (("spill:orders",), 2, "'spill:orders' may be any of 2 findings: "),
        (("--json",), 2, "--json is about one finding."),
        (("--budget", "3"), 2, "3 is not in the range x>=100"),
    ],
)
def test_wrong_use_is_one_message(here: Project, arguments: tuple[str, ...], status: int, said: str) -> None:
    assert said in run_command(here, "explain-finding", *arguments, "--report", "report0.json", status=status)


def test_nothing_in_a_finding_steers_the_terminal(tmp_path: Path) -> None:
    evil = found(title=f"\n::error::x {EVIL}", statement=f"\n::error::x{EVIL}", subject="x")
    written(tmp_path, run(evil))
    out = run_command(Project(tmp_path, tmp_path), "explain-finding", "seq-scan:x", "--report", "report0.json")
    assert not set(out) & set("\x1b\x00\u202e")
    assert not [line for line in out.splitlines() if line.lstrip().startswith("::")]
