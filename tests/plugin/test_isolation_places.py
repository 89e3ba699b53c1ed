"""Runs beside each other, workers elsewhere, and runs that go on for ever."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pytest_prodparity.databases.provider import Server
from tests.plugin.test_broken import wait_for
from tests.plugin.test_isolation import ENVIRONMENT, HEAD, POOLED
from tests.plugin.test_isolation_workers import modules
from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]
FILES = {"app.py": POOLED, "pyproject.toml": ENVIRONMENT, **modules(2)}


def test_two_runs_at_once_do_not_meet(project: Make) -> None:
    made = project(FILES)
    runs = [made.start(f"--parity-report=report{number}.json") for number in range(2)]
    for run in runs:
        out, _ = run.communicate(timeout=120)
        assert run.returncode == 0, out


def test_workers_of_another_interpreter(project: Make) -> None:
    result = project(FILES).run("-d", "--tx", f"2*popen//python={sys.executable}")
    assert result.outcomes == {"passed": 16}, result.out


@contextmanager
def elsewhere(made: Project, folder: Path) -> Iterator[str]:
    """Another machine, as far as execnet knows; its address."""
    folder.mkdir()
    command = [sys.executable, "-u", "-m", "execnet.script.socketserver", "127.0.0.1:0"]
    process = subprocess.Popen(
        command, cwd=folder, env=made.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        address = next(found for line in process.stdout if (found := re.search(r"\('127.0.0.1', (\d+)\)", line)))
        yield f"127.0.0.1:{address[1]}"
    finally:
        process.kill()
        process.communicate()


def test_a_remote_worker_reaches_the_server_by_its_url(project: Make, server: Server, tmp_path: Path) -> None:
    made = project(FILES)
    with elsewhere(made, tmp_path / "far") as address:
        # As pytest-xdist does it until its version 4: the project is copied to where the worker is.
        copied = ("--rsyncdir", str(made.folder), str(made.folder))
        result = made.run("-d", "--tx", f"socket={address}", *copied, f"--parity-database={server.dsn()}")
    assert result.outcomes["passed"] == 16, result.out
    assert "(external) · isolation: delta" in result.out
    assert server.password not in result.out


def test_a_run_that_begins_again_whenever_a_file_changes(project: Make) -> None:
    tests = HEAD + "def test_it(parity_db):\n    add(parity_db, 'b')\n    assert count(parity_db) == WANTED\n"
    made = project({"pyproject.toml": ENVIRONMENT, "test_it.py": tests.replace("WANTED", "2")})
    process = made.start("-f", "test_it.py", environment={"PYTHONUNBUFFERED": "1"})
    lines: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as out:
            lines.extend(out)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        wait_for(lambda: any("waiting for changes" in line for line in lines))
        assert any("1 failed" in line for line in lines), lines
        made.write({"test_it.py": tests.replace("WANTED", "1")})
        wait_for(lambda: any("1 passed" in line for line in lines))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        reader.join()
