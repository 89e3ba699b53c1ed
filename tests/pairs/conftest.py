"""Old and new releases of libraries, side by side: each in a folder of its own, installed once a run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert isinstance(port, int)
    return port


@contextmanager
def running(*command: str | Path, port: int) -> Iterator[None]:
    """A server of this run, from when it listens to the end."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, f"{command[0]} has ended"
                assert time.monotonic() < deadline, f"{command[0]} does not answer"
                time.sleep(0.01)
        yield
    finally:
        process.terminate()
        process.wait(20)


def program(*names: str, package: str) -> str:
    """The first of these that is on this machine."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = next((place for name in names if (place := shutil.which(name, path=path))), None)
    if found is None:
        pytest.skip(f"no {names[0]} on this machine: apt-get install {package}")
    return found


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real Redis of this run."""
    server = program("redis-server", "valkey-server", package="redis-server")
    port = free_port()
    with running(
        server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", port=port
    ):  # fmt: skip
        yield f"redis://127.0.0.1:{port}/0"


MYSQL = """\
CREATE DATABASE mysql;
CREATE DATABASE parity;
CREATE TABLE parity.stock (item VARCHAR(20) PRIMARY KEY, count INT NOT NULL) ENGINE=InnoDB;
INSERT INTO parity.stock VALUES ('tea', 3), ('cake', 5);
"""


@pytest.fixture(scope="session")
def mysql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real MariaDB of this run, without tables of rights: whoever connects may do everything."""
    server = program("mariadbd", package="mariadb-server-core")
    folder = tmp_path_factory.mktemp("mysql")
    (folder / "first.sql").write_text(MYSQL, encoding="utf-8")
    port = free_port()
    command = [
        server, "--no-defaults", f"--datadir={folder}", f"--init-file={folder / 'first.sql'}", "--skip-grant-tables",
        "--bind-address=127.0.0.1", f"--port={port}", "--skip-networking=0", f"--socket={folder / 's'}",
        f"--pid-file={folder / 'pid'}", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M",
    ]  # fmt: skip
    if os.geteuid() == 0:
        command.append("--user=root")
    with running(*command, port=port):
        yield f"mysql://root:any@127.0.0.1:{port}/parity"
