"""Folders in which a server's user can work, and runs of other processes on them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

HOLDER = """
import sys
from pytest_prodparity.databases.embedded import Embedded
provider = Embedded()
server = provider.start()
print(server.dsn(), server.data, flush=True)
sys.stdin.readline()
provider.stop()
print("stopped", flush=True)
"""


SOMEBODY = 65534
BECOME = f"""
import os, psycopg, pytest_prodparity.databases.embedded, pytest_prodparity.databases.cluster, encodings.idna
os.setgroups([])
os.setgid({SOMEBODY})
os.setuid({SOMEBODY})
"""
"""Root becomes an ordinary user, after what it imports: Python itself may lie in root's own folder."""


def start(code: str, cache: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """A Python process of its own, with `cache` as its cache."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRODPARITY_")}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        env={**environment, "PRODPARITY_CACHE": str(cache), **variables},
        start_new_session=True,
    )


def line(process: subprocess.Popen[str]) -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said, process.wait(10)
    return said.strip()


def finish(process: subprocess.Popen[str], text: str = "\n") -> str:
    """Let it end; what it printed still."""
    out, _ = process.communicate(text, timeout=60)
    return out


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a condition, with a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def postmaster(data: Path) -> int | None:
    """The server's process, as its data tell."""
    try:
        return int((data / "postmaster.pid").read_text().split("\n")[0])
    except FileNotFoundError:
        return None
