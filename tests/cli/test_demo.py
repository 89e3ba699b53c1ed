"""The demo: what it copies, what it never touches, what it shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_prodparity.cli.demo import place, shipped

EXPECTED = {
    "test_open_orders": {"seq-scan"},
    "test_latest_orders": {"n-plus-one"},
    "test_a_page_beyond_the_last_is_empty": {"deep-offset"},
    "test_find_customer": {"seq-scan"},
    "test_export_shipped": {"unbounded-read"},
}


def demo(here: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`prodparity demo` in a folder, as a user types it."""
    return subprocess.run(
        [sys.executable, "-c", "from pytest_prodparity.cli import main; main()", "demo", *arguments],
        cwd=here, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, text=True,
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's project whose own pytest settings break every run."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-flag\n")
    (folder / "conftest.py").write_text("raise RuntimeError('not mine')\n")
    return folder


@pytest.fixture(scope="module")
def shown(here: Path) -> str:
    """What the first demo prints there, whatever the environment says."""
    done = demo(here, environment={"PYTEST_ADDOPTS": "--no-such-flag", "PRODPARITY_LEVEL": "nonsense"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_shows_which_tests_production_fails_and_why(here: Path, shown: str) -> None:
    report = json.loads((here / "prodparity-demo/.prodparity/report.json").read_text())
    found: dict[str, set[str]] = {}
    for finding in report["findings"]:
        found.setdefault(finding["test"].partition("::")[2], set()).add(finding["rule"])
    assert found == EXPECTED
    assert report["summary"]["cannot_tell"] == 0
    assert "8 tests pass on mocks; 5 of them fail in production" in shown
    assert "12,000,000 orders" in shown


@pytest.mark.parametrize(
    ("test", "ddl"),
    [
        ("test_open_orders", "CREATE INDEX CONCURRENTLY ON orders (customer_id, status);"),
        ("test_find_customer", "CREATE INDEX CONCURRENTLY ON customers ((lower(email)));"),
    ],
)
def test_a_missing_index_is_proposed_and_proven(here: Path, shown: str, test: str, ddl: str) -> None:
    report = json.loads((here / "prodparity-demo/.prodparity/report.json").read_text())
    remedy = next(one["remedy"] for one in report["findings"] if one["test"].endswith(f"::{test}"))
    assert remedy["sql"] == ddl
    assert "Scan" in remedy["proof"]


def test_a_second_demo_runs_in_the_same_folder_while_it_is_untouched(here: Path, shown: str) -> None:
    again = demo(here)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "A small shop is in prodparity-demo." in again.stdout
    assert {path.name for path in here.iterdir()} == {"conftest.py", "pytest.ini", "prodparity-demo"}


def test_a_changed_shop_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "prodparity-demo" / "shop" / "orders.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    monkeypatch.chdir(tmp_path)
    assert place(None) == (tmp_path / "prodparity-demo-2", True)


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "thing").touch()
    done = demo(tmp_path, "--to", "used")
    assert done.returncode == 2
    assert done.stderr == (
        "prodparity: used exists and is not empty; nothing was changed.\nTo fix: prodparity demo --to ANOTHER-FOLDER\n"
    )
    assert [path.name for path in (tmp_path / "used").iterdir()] == ["thing"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = demo(tmp_path, "--to", "file/shop")
    assert done.returncode == 2
    assert f"The shop could not be copied to {tmp_path / 'file/shop'}: Not a directory." in done.stderr
    assert "To fix: prodparity demo --to FOLDER" in done.stderr


def test_the_shop_is_shipped_whole_and_without_leftovers() -> None:
    names = {name for name, _ in shipped()}
    assert {"pyproject.toml", "parity/profile.json", "parity/schema.sql", "shop/orders.py"} <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
