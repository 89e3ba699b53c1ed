"""Tests that begin with production's volume."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from tests.postgres.places import postmaster, until
from tests.project import Project, run_command

Make = Callable[[Mapping[str, str]], Project]

DIAL = '[tool.prodparity.levels.dev]\nrows = "1%"\n'

NONE = "[tool.prodparity.levels.dev]\nrows = 0\n"

COUNTS = """\
import pytest

@pytest.mark.prodparity
def test_one(parity_db):
    counts = [parity_db.owner.execute(f'SELECT count(*) FROM {name}').fetchone()[0]
              for name in ('country', 'customer', '"order"')]
    assert counts == [40, 200, 2000]
    assert parity_db.sample("order", 3) == parity_db.sample("order", 3)
    assert set(parity_db.sample("order")[0]) == {"id", "customer_id", "state", "total", "created_at"}
    parity_db.owner.execute('DELETE FROM "order"')

@pytest.mark.prodparity
def test_two(parity_db):
    with parity_db.connect() as connection:
        assert connection.execute('SELECT count(*) FROM customer').fetchone() == (200,)
    assert parity_db.owner.execute('SELECT count(*) FROM "order"').fetchone() == (2000,)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A cache of this test's own."""
    folder = Path(tempfile.mkdtemp(prefix="prodparity volume ", dir="/var/tmp" if os.geteuid() == 0 else None))
    folder.chmod(0o755)
    yield folder
    for pid in [pid for data in folder.glob("**/data") if (pid := postmaster(data))]:
        os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def _building(place: Path) -> bool:
    """Is a build under way on the server of this cache? Its folder tells the port, its state the password."""
    for state in place.glob("clusters/*/state.json"):
        try:
            port = (state.parent / "data" / "postmaster.pid").read_text().split("\n")[3]
            password = json.loads(state.read_text())["password"]
            with psycopg.connect(
                host="127.0.0.1", port=port, user="postgres", password=password, dbname="postgres", connect_timeout=2
            ) as connection:
                query = "SELECT FROM pg_database WHERE datname ~ '^prodparity_building_'"
                return connection.execute(query).fetchone() is not None
        except (OSError, ValueError, IndexError, psycopg.Error):
            return False  # not started yet
    return False


def test_each_test_begins_with_the_levels_rows(project: Make) -> None:
    made = project({"test_one.py": COUNTS, "pyproject.toml": DIAL})
    result = made.run("--parity-seed=11")
    assert result.outcomes == {"passed": 2}, result.out
    assert "2,240 rows (1 %, at most 10,000 a table), about " in result.out
    assert result.report is not None
    assert re.search(r"embedded\), \d+ kB of rows$", result.report["server"])


def test_rows_0_is_the_schema_alone(project: Make) -> None:
    tests = """\
import pytest

@pytest.mark.prodparity(rows={"order": 500})
def test_one(parity_db):
    assert parity_db.owner.execute('SELECT count(*) FROM "order"').fetchone() == (0,)
    parity_db.sample("order")
"""
    result = project({"test_one.py": tests, "pyproject.toml": NONE}).run()
    assert result.outcomes == {"failed": 1}
    assert "sample('order', 1): public.order has 0 rows." in result.out
    assert "a table), about" not in result.out


def test_a_markers_rows_are_a_volume_of_its_own(project: Make) -> None:
    tests = """\
import pytest

def count(parity_db):
    return parity_db.owner.execute('SELECT count(*) FROM "order"').fetchone()[0]

@pytest.mark.prodparity(rows={"order": 5_000})
def test_more(parity_db):
    assert count(parity_db) == 5_000

@pytest.mark.prodparity
def test_usual(parity_db):
    assert count(parity_db) == 2_000
"""
    result = project({"test_one.py": tests, "pyproject.toml": DIAL}).run("--parity-seed=11")
    assert result.outcomes == {"passed": 2}, result.out


def test_workers_share_one_build(project: Make, place: Path) -> None:
    made = project({f"test_{number}.py": COUNTS for number in range(4)} | {"pyproject.toml": DIAL})
    variables = {"PRODPARITY_CACHE": str(place)}
    result = made.run("-n2", environment=variables)
    assert result.outcomes == {"passed": 8}, result.out
    listed = run_command(made, "cache", environment=variables)
    assert "1 kept, " in listed
    assert " dev " in listed
    assert " 2,240 " in listed


def test_too_much_is_refused_when_tests_are_collected(project: Make) -> None:
    tests = 'import pytest\n@pytest.mark.prodparity(rows={"order": 1_000_000_000})\ndef test_one(parity_db): pass\n'
    result = project({"test_one.py": tests, "pyproject.toml": DIAL}).run()
    assert result.status == 4
    assert "rows would have about" in result.out
    assert "level dev builds at most 2.0 GB (max_bytes)" in result.out
    assert "Traceback" not in result.out


def test_an_unknown_table_is_refused_with_the_nearest_name(project: Make) -> None:
    tests = 'import pytest\n@pytest.mark.prodparity(rows={"ordr": 5})\ndef test_one(parity_db): pass\n'
    result = project({"test_one.py": tests, "pyproject.toml": DIAL}).run()
    assert result.status == 4
    assert "production has no table 'ordr' (did you mean 'order'?)" in result.out


def test_a_wrong_dial_is_refused_before_anything_starts(project: Make) -> None:
    made = project({"test_one.py": COUNTS, "pyproject.toml": '[tool.prodparity.levels.dev]\nrows = "al"\n'})
    result = made.run()
    assert result.status == 4
    assert "levels.dev.rows: 'al' is no number of rows (did you mean 'all'?)." in result.out


def test_without_a_profile_there_are_no_rows_and_no_error(project: Make) -> None:
    tests = "import pytest\n@pytest.mark.prodparity\ndef test_one(parity_db):\n    assert parity_db.owner\n"
    made = project({"test_one.py": tests, "pyproject.toml": DIAL})
    shutil.rmtree(made.folder / "parity")
    assert made.run().outcomes == {"passed": 1}


def test_what_cannot_be_filled_is_one_message_for_all_tests(project: Make) -> None:
    made = project({"test_one.py": COUNTS, "pyproject.toml": DIAL})
    path = made.folder / "parity" / "schema.sql"
    profile = json.loads((made.folder / "parity" / "profile.json").read_text())
    text = path.read_text() + "\nALTER TABLE public.customer ADD CONSTRAINT never CHECK (length(name) < 0);\n"
    path.write_text(text)
    from pytest_prodparity.profile.store import digest

    profile["schema_sha256"] = digest(text)
    (made.folder / "parity" / "profile.json").write_text(json.dumps(profile))
    result = made.run()
    assert result.outcomes == {"error": 2}, result.out
    assert "customer" in result.out
    assert "[tool.prodparity.levels.dev] rows = 0" in result.out
    assert "Traceback" not in result.out


def test_ctrl_c_in_the_middle_of_a_build_leaves_nothing_and_the_next_run_builds(project: Make, place: Path) -> None:
    large = COUNTS.replace("@pytest.mark.prodparity", '@pytest.mark.prodparity(rows={"order": 4_000_000})')
    made = project({"test_large.py": large, "test_one.py": COUNTS, "pyproject.toml": DIAL})
    variables = {"PRODPARITY_CACHE": str(place)}
    process = made.start("test_large.py", environment=variables)
    try:
        until(lambda: _building(place) or process.poll() is not None, 60)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 2, out
    assert "KeyboardInterrupt" in out
    assert "Nothing is kept" in run_command(made, "cache", environment=variables)
    assert made.run("test_one.py", environment=variables).outcomes == {"passed": 2}
