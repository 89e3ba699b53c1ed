"""What goes wrong under a run: each is one clear message, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest

from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]

WAITING = """\
import pathlib, time
import pytest

@pytest.mark.prodparity
def test_waits(parity_db):
    with parity_db.connect() as connection:
        connection.execute("SELECT 1")
        half = pathlib.Path("there.half")
        half.write_text(parity_db.owner.info.dsn + " password=" + parity_db.owner.info.password)
        half.rename("there")
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.02)
"""

QUICK = """\
import pytest

@pytest.mark.prodparity
@pytest.mark.parametrize("number", range(5))
def test_quick(parity_db, number):
    with parity_db.connect() as connection:
        connection.execute("INSERT INTO country VALUES ('x', 'y')")
        assert connection.execute("SELECT count(*) FROM country WHERE code = 'x'").fetchone() == (1,)
"""


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def databases(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'parity%'").fetchall()
    return {str(row[0]) for row in rows}


def test_ctrl_c_ends_the_run_with_its_report(project: Make) -> None:
    made = project({"test_waits.py": WAITING})
    process = made.start()
    wait_for((made.folder / "there").exists)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "KeyboardInterrupt" in out
    assert "INTERNALERROR" not in out


def test_what_a_killed_run_left_is_swept_by_the_next(project: Make) -> None:
    made = project({"test_waits.py": WAITING, "test_quick.py": QUICK})
    process = made.start("test_waits.py")
    wait_for((made.folder / "there").exists)
    dsn = (made.folder / "there").read_text()
    left = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    assert left in databases(dsn)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    (made.folder / "there").unlink()
    keeper = made.start("test_waits.py")
    wait_for((made.folder / "there").exists)
    try:
        # runs of other tests share the server, and one that looks at the same moment is let do it
        wait_for(lambda: left not in databases((made.folder / "there").read_text()))
    finally:
        keeper.send_signal(signal.SIGINT)
        keeper.communicate(timeout=30)


def test_two_runs_at_once_do_not_meet(project: Make, tmp_path: Path) -> None:
    made = project({"test_quick.py": QUICK})
    runs = [made.start(f"--parity-report=report-{n}.json") for n in range(2)]
    outs = [run.communicate(timeout=120)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], "\n".join(outs)


def test_a_server_killed_under_the_run_is_started_again_and_said(project: Make, cache: Path) -> None:
    tests = (
        QUICK
        + """
@pytest.mark.prodparity
def test_kill(parity_db):
    import os, signal
    pid = parity_db.owner.execute("SELECT pg_backend_pid()").fetchone()[0]
    postmaster = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
    os.kill(postmaster, signal.SIGKILL)

@pytest.mark.prodparity
def test_after(parity_db):
    with parity_db.connect() as connection:
        connection.execute("SELECT 1")
"""
    )
    made = project({"test_quick.py": tests})
    own = made.folder.parent / "cache of its own"
    result = made.run(environment={"PRODPARITY_CACHE": str(own)})
    assert result.outcomes == {"passed": 7}, result.out
    assert "note: the database server was lost, and started again" in result.out
    again = made.run("test_quick.py::test_quick", environment={"PRODPARITY_CACHE": str(own)})
    assert again.outcomes == {"passed": 5}, again.out


def test_a_missing_postgresql_is_one_message(project: Make, tmp_path: Path) -> None:
    result = project({"test_quick.py": QUICK}).run("-x", environment={"PRODPARITY_PG_BIN": str(tmp_path)})
    assert f"PRODPARITY_PG_BIN='{tmp_path}' has no pg_ctl." in result.out, result.out
    assert "During handling" not in result.out
    assert "Traceback" not in result.out


def test_production_itself_is_refused(project: Make, server: object) -> None:
    made = project({"test_quick.py": QUICK})
    result = made.run("--parity-database=postgresql://someone:hush@10.0.0.9:1/db")
    assert result.status == 4, result.out
    assert result.out.count("allow_external is not set") == 1, result.out
    assert "hush" not in result.out
    assert "Traceback" not in result.out


@pytest.mark.parametrize("level", ["dev", "production"])  # which rehearses each test before, unheard
def test_the_first_test_says_what_to_do_and_the_others_refer_to_it(project: Make, level: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"postgresql://somebody@127.0.0.1:{nobody.getsockname()[1]}/shop"
        result = project({"test_quick.py": QUICK}).run("-rN", f"--parity-level={level}", f"--parity-database={url}")
    assert set(result.outcomes) == {"error"}, result.out
    assert result.out.count("To fix: ") == 1, result.out
    assert result.out.count("(the first error says what to do)") == 4, result.out
    assert result.out.index("To fix: ") < result.out.index("(the first error says what to do)")
