from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres.places import HOLDER, line, postmaster, start

LEFT = HOLDER.replace(
    "print(server.dsn()",
    """
from pytest_prodparity.databases.template import Templates
templates = Templates(server)
name = templates.clone(templates.ensure("empty", lambda _dsn: None))
print(server.dsn()""",
)


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="prodparity-doctor-", dir="/var/tmp" if os.geteuid() == 0 else None))
    folder.chmod(0o755)
    yield folder
    for pid in [pid for data in folder.glob("**/data") if (pid := postmaster(data))]:
        os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def doctor(place: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PRODPARITY_", "DOCKER"))}
    folder = place / "project"
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-c", "from pytest_prodparity.cli import main; main()", "doctor", *arguments],
        cwd=folder, env={**kept, "PRODPARITY_CACHE": str(place), **variables}, check=False, text=True, timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def states(said: str) -> dict[str, str]:
    """The word at the start of each line, by what was looked at."""
    known = ("ok", "note", "missing")
    return {row[9:].split("  ")[0].strip(): row.split()[0] for row in said.splitlines() if row.startswith(known)}


def test_a_machine_that_works_is_said_to_work_on_one_screen(place: Path) -> None:
    done = doctor(place, DOCKER_HOST=f"unix://{place}/none.sock")
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("Marked tests can run here.\n")
    found = states(done.stdout)
    assert {
        found[name] for name in ("Python", "packages", "settings", "cache", "PostgreSQL", "server", "databases")
    } == {"ok"}
    assert found["Docker"] == "note"
    assert "start Docker" in done.stdout
    assert "prodparity capture URL" in done.stdout
    assert len(done.stdout.splitlines()) < 24
    assert postmaster(next(place.glob("clusters/*/data"))) is None


def test_without_postgresql_marked_tests_cannot_run(place: Path) -> None:
    done = doctor(place, PRODPARITY_PG_BIN=str(place))
    assert done.returncode == 1
    assert states(done.stdout)["PostgreSQL"] == "missing"
    assert "has no pg_ctl" in done.stdout
    assert "Marked tests cannot run: PostgreSQL." in done.stdout


def test_docker_is_missing_only_where_the_settings_want_it(place: Path) -> None:
    done = doctor(place, DOCKER_HOST=f"unix://{place}/none.sock", PRODPARITY_DATABASE="docker")
    assert done.returncode == 1
    assert "Marked tests cannot run: Docker." in done.stdout


def test_a_broken_profile_and_a_wrong_setting_are_named(place: Path) -> None:
    (place / "project" / "parity").mkdir(parents=True)
    (place / "project" / "parity" / "profile.json").write_text("{")
    (place / "project" / "parity" / "schema.sql").write_text("")
    done = doctor(place, PRODPARITY_LEVEL="stagging")
    assert done.returncode == 1
    assert "did you mean 'staging'?" in done.stdout
    assert "is not JSON" in done.stdout
    assert "Marked tests cannot run: settings, profile." in done.stdout


def test_what_a_killed_run_left_is_shown_and_swept(place: Path) -> None:
    killed = start(LEFT, place)
    data = Path(line(killed).partition(" ")[2])
    killed.kill()
    killed.communicate()
    old = place / "clusters" / "9.6-000000-g0"
    old.mkdir()
    shown = doctor(place)
    assert "left running by a killed run" in shown.stdout
    assert "1 left by dead runs: parity_" in shown.stdout
    assert "old clusters" in shown.stdout
    assert "To fix: prodparity doctor --fix" in shown.stdout
    fixed = doctor(place, "--fix")
    assert fixed.returncode == 0
    assert "removed: 1 left by dead runs" in fixed.stdout
    assert not old.exists()
    assert postmaster(data) is None
    assert "none left by dead runs" in doctor(place).stdout
