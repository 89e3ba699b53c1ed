"""How long a developer waits for the first marked test.

The time from the beginning of pytest's configuration to the end of the first test, report included: of a run with one marked
test that sends one statement, less that of a run with one unmarked, empty test. The profile is the demo's. Each figure
is a median over fresh processes. `warm_s`: the cache folder was used by an earlier run; no server is running.
`cold_s`: the cache folder is new. `docker_warm_s`: in a container, after an earlier run; None without a Docker daemon.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

WARM, COLD, DOCKER = 7, 3, 3
PARITY = Path(__file__).parent.parent / "src/pytest_prodparity/demo/parity"

CLOCK = """
import time

import pytest

began = 0.0


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    global began
    began = time.monotonic()


@pytest.hookimpl(trylast=True)
def pytest_runtest_logfinish(nodeid):
    print(f"\\nWAITED {time.monotonic() - began}", flush=True)
"""

MARKED = """
import pytest


@pytest.mark.prodparity
def test_first(parity_db):
    with parity_db.connect() as connection:
        assert connection.execute("SELECT status FROM orders WHERE id = %s", (1,)).fetchone() is None
"""

UNMARKED = """
def test_first():
    pass
"""


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Measure in a folder and caches of its own."""
    with _cache() as cache, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(PARITY, folder / "parity")
        (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\n[tool.prodparity]\nprofile = "parity"\n')
        (folder / "clock.py").write_text(CLOCK)
        (folder / "test_marked.py").write_text(MARKED)
        (folder / "test_unmarked.py").write_text(UNMARKED)
        _waited(folder, cache, "test_marked.py")
        empty, warm = [], []
        for _ in range(WARM):
            empty.append(_waited(folder, cache, "test_unmarked.py"))
            warm.append(_waited(folder, cache, "test_marked.py"))
        base = statistics.median(empty)
        warm_s = statistics.median(warm) - base
        cold_s = statistics.median([_cold(folder) for _ in range(COLD)]) - base
        docker = _docker(folder, cache, base)
    figures: dict[str, object] = {
        "warm_s": round(warm_s, 3),
        "cold_s": round(cold_s, 3),
        "docker_warm_s": None if docker is None else round(docker[0], 3),
    }
    table = [
        ["first marked test, beyond an empty run", "seconds"],
        [f"embedded, warm (median of {WARM})", f"{warm_s:.3f}"],
        [f"embedded, cold (median of {COLD})", f"{cold_s:.3f}"],
        ["no daemon or no image", "-"]
        if docker is None
        else [f"container of {docker[1]}, warm (median of {DOCKER})", f"{docker[0]:.3f}"],
    ]
    return table, figures


@contextlib.contextmanager
def _cache() -> Iterator[Path]:
    """A new cache folder; where we are root, the user that runs PostgreSQL must get to it."""
    folder = Path(tempfile.mkdtemp(prefix="prodparity-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cold(folder: Path) -> float:
    with _cache() as cache:
        return _waited(folder, cache, "test_marked.py")


def _docker(folder: Path, cache: Path, base: float) -> tuple[float, str] | None:
    """In a container of the newest PostgreSQL image that is on this machine; None without a daemon or an image."""
    listed = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "postgres"]
    try:
        images = subprocess.run(listed, check=True, capture_output=True, text=True, timeout=20).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return None
    if not images:
        return None
    asked = ("test_marked.py", "--parity-database=docker")
    _waited(folder, cache, *asked, image=max(images))
    server = json.loads((folder / ".prodparity/report.json").read_text())["server"]
    if "docker" not in server:
        raise SystemExit(f"asked for docker, and got {server}")
    return statistics.median([_waited(folder, cache, *asked, image=max(images)) for _ in range(DOCKER)]) - base, max(
        images
    )


def _waited(folder: Path, cache: Path, *arguments: str, image: str = "") -> float:
    foreign = ("PYTEST_", "PRODPARITY_LEVEL", "PRODPARITY_DATABASE", "COVERAGE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PRODPARITY_CACHE": str(cache), "PYTHONPATH": str(folder)}
    if image:
        environment["PRODPARITY_IMAGE"] = image
    call = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-s",
        "-p",
        "no:cacheprovider",
        "-p",
        "clock",
        "-p",
        "pytest_prodparity.plugin",
    ]
    done = subprocess.run([*call, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the test did not pass:\n{done.stdout}{done.stderr}")
    return float(next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("WAITED")))
