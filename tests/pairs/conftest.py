"""Old and new releases of libraries, side by side: each in a folder of its own, installed once a run."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.project import Project

Install = Callable[..., Path]


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """`release("redis==4.5.1")`: a folder for PYTHONPATH, from the package index."""
    made: dict[tuple[str, ...], Path] = {}

    def install(*wanted: str) -> Path:
        if wanted not in made:
            folder = tmp_path_factory.mktemp("release")
            uv = shutil.which("uv")
            command = (
                [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
            )
            done = subprocess.run(
                [*command, "--quiet", "--target", str(folder), *wanted],
                capture_output=True, text=True, timeout=300, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            made[wanted] = folder
        return made[wanted]

    return install


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Callable[[Mapping[str, str]], Project]:
    """A project without a database."""
    folder = tmp_path / "a project"
    folder.mkdir()
    return lambda files: Project(folder, cache).write({"pyproject.toml": "", **files})


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis of this run."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("no redis-server on this machine: apt-get install redis-server")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "redis-server has ended"
                assert time.monotonic() < deadline, "redis-server does not answer"
                time.sleep(0.01)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(20)
