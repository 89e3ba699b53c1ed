"""The demo: what it copies, what it never touches, what it shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pytest_prodparity.cli.demo import shipped

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


def test_the_demo_shows_which_tests_production_fails_and_why(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 tests pass on mocks; 5 of them fail in production" in done.stdout
    assert "12,000,000 orders" in done.stdout
    report = json.loads((tmp_path / "prodparity-demo/.prodparity/report.json").read_text())
    found: dict[str, set[str]] = {}
    for finding in report["findings"]:
        found.setdefault(finding["test"].partition("::")[2], set()).add(finding["rule"])
    assert found == EXPECTED
    assert report["summary"]["cannot_tell"] == 0


def test_the_users_own_pytest_settings_and_plugins_do_not_reach_the_demo(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-flag\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not mine')\n")
    done = demo(tmp_path, environment={"PYTEST_ADDOPTS": "--no-such-flag", "PRODPARITY_LEVEL": "nonsense"})
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_second_demo_runs_in_the_same_folder_while_it_is_untouched(tmp_path: Path) -> None:
    assert demo(tmp_path).returncode == 0
    (tmp_path / "prodparity-demo" / "shop" / "orders.py").touch()
    assert demo(tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["prodparity-demo"]


def test_a_changed_shop_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "prodparity-demo" / "shop" / "orders.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    done = demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "in prodparity-demo-2." in done.stdout
    assert mine.read_text() == "mine"
    assert [path.name for path in mine.parent.iterdir()] == ["orders.py"]


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
