"""`prodparity report`, as a job types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gate.reports import found, run, written
from tests.project import Project, run_command


@pytest.fixture
def here(tmp_path: Path) -> Project:
    written(tmp_path, run(found(), found("n-plus-one")))
    return Project(tmp_path, tmp_path / "cache").write(
        {"pyproject.toml": '[tool.prodparity.gate.rules]\nn-plus-one = "warn"\n'}
    )


def test_the_terminal_shows_evidence_and_the_answer(here: Project) -> None:
    out = run_command(here, "report", "report0.json", "-v", environment={"COLUMNS": "120"})
    assert "tests/test_orders.py::test_open\n  seq-scan   reads 48,211,904 rows to return 12" in out
    assert "    | Seq Scan on orders\n" in out
    assert "fix: CREATE INDEX CONCURRENTLY ON orders (customer_id);" in out
    assert "gate: blocked\n" in out


@pytest.mark.parametrize(
    ("form", "begins"),
    [("markdown", "### Production parity: blocked"), ("github", "::error title=seq-scan"), ("gitlab", "[\n"), ("sarif", "{\n"), ("junit", "<?xml"), ("html", "<!doctype html>\n<html lang=\"en\">")],
)  # fmt: skip
def test_each_format_is_written_to_a_file_or_shown(here: Project, form: str, begins: str) -> None:
    shown = run_command(here, "report", "*.json", "--format", form)
    assert shown.startswith(begins)
    assert run_command(here, "report", "report0.json", "--format", form, "-o", "out/made") == ""
    assert (here.folder / "out/made").read_text(encoding="utf-8") == shown
    if form == "sarif":
        levels = {one["ruleId"]: one["level"] for one in json.loads(shown)["runs"][0]["results"]}
        assert levels == {"seq-scan": "error", "n-plus-one": "warning"}


def test_a_project_in_a_folder_of_its_repository_is_found_from_the_top(here: Project) -> None:
    shown = run_command(here, "report", "report0.json", "--format", "github", "--prefix", "backend/")
    assert ",file=backend/shop/orders.py,line=31::" in shown


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--comment",), 2, "--comment is about --format markdown; this is terminal."),
        (("-o", "x.md"), 2, "To fix: prodparity report --format markdown -o x.md"),
        (("--format", "pdf"), 2, "'pdf' is not one of"),
        (("--format", "sarif", "-o", "report0.json/x"), 3, "The rendering report0.json/x could not be written"),
    ],
)
def test_wrong_use_is_one_message(here: Project, arguments: tuple[str, ...], status: int, said: str) -> None:
    out = run_command(here, "report", "report0.json", *arguments, status=status)
    assert said in out
    assert "Traceback" not in out
