"""Whether a stopped cluster has reached the disk whole. Its server never waits for the disk, so somebody else must.

A mark in the cluster's folder says so: set after the server has stopped, by a process for which nobody waits, and removed
before the server starts. A machine that crashes or restarts in between finds no mark.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

MARK = "on-disk"
STOPPED = "stopped."
SYNC = """
(
    "$@" && mv "$STOPPED" "$MARK"
) </dev/null >/dev/null 2>&1 &
"""
"""The rename fails where a server was started meanwhile: that has removed the file."""


def proven(folder: Path) -> bool:
    """Is all that the server of `folder` ever wrote on the disk?"""
    return (folder / MARK).exists()


def withdraw(folder: Path) -> None:
    """Before the server starts. That the mark is gone must itself be on the disk before anything else is."""
    # The mark last: a flush that is about to end would set it again.
    for path in (*folder.glob(f"{STOPPED}*"), folder / MARK):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def flush(data: Path, initdb: Path) -> list[str | Path]:
    """The command that brings `data` to the disk: the whole file system, or file by file, which takes longer."""
    return ["sync", "-f", data] if sys.platform == "linux" else [initdb, "--sync-only", "-D", data]


def prove(folder: Path, command: Sequence[str | Path]) -> None:
    """After the server has stopped: flush, without waiting for it. Never raises."""
    stopped = folder / f"{STOPPED}{secrets.token_hex(4)}"
    with suppress(OSError, subprocess.SubprocessError):
        stopped.touch(mode=0o600)
        subprocess.run(
            ["/bin/sh", "-c", SYNC, "prodparity", *command],
            check=False,
            env={**os.environ, "STOPPED": str(stopped), "MARK": str(folder / MARK)},
            cwd="/",
            start_new_session=True,
            timeout=10,
        )
