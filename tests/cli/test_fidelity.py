"""`prodparity fidelity`, as it is typed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "src/pytest_prodparity/demo/parity"


def prodparity(folder: Path, cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("prodparity")
    return subprocess.run(
        [program, *arguments], cwd=folder, env={**os.environ, "PRODPARITY_CACHE": str(cache), "COLUMNS": "160"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(DEMO, tmp_path / "parity")
    (tmp_path / "pyproject.toml").write_text("[tool.prodparity]\nseed = 3\n")
    return tmp_path


def test_a_built_volume_is_compared_as_table_and_as_page(project: Path, cache: Path) -> None:
    missing = prodparity(project, cache, "fidelity", "--rows", "1%")
    assert missing.returncode == 2
    assert "No volume of shop is built for 1 %, at most 10,000 a table, seed 3, at level dev." in missing.stderr
    assert "To fix: prodparity build --level dev" in missing.stderr
    assert prodparity(project, cache, "build", "--rows", "1%").returncode == 0
    found = prodparity(project, cache, "fidelity", "--rows", "1%", "--html", "page.html", "-v")
    assert found.returncode == 0, found.stderr
    assert "orders.status" in found.stdout
    assert "orders (customer_id) -> customers" in found.stdout
    assert "orders JOIN customers ON customer_id = id" in found.stdout
    assert "3 of 3 joins are near production's." in found.stdout
    page = (project / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.count("<polyline") >= 4


def test_a_level_without_rows_is_said(project: Path, cache: Path) -> None:
    found = prodparity(project, cache, "fidelity", "--level", "off")
    assert found.returncode == 2
    assert "at level off tests begin with the schema only (rows = 0)" in found.stderr


def test_a_page_that_cannot_be_written_is_said(project: Path, cache: Path) -> None:
    assert prodparity(project, cache, "build", "--rows", "1%").returncode == 0
    found = prodparity(project, cache, "fidelity", "--rows", "1%", "--html", "nowhere/page.html")
    assert found.returncode == 3
    assert "nowhere/page.html could not be written: No such file or directory." in found.stderr
