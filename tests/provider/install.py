"""The provider's npm packages, as its lock file names them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parent / "server"
NODE = 18
"""The oldest major version that runs it."""
DEADLINE = 300.0


class Missing(RuntimeError):
    """Something that the provider needs is not on this machine."""


def node() -> list[str]:
    """The command that runs JavaScript here; raises Missing with what to type where there is none."""
    program = shutil.which("node")
    if program is None:
        raise Missing(
            "The tests of recorded flows need a real provider, which runs on Node.js: no `node` on the PATH.\n"
            "To fix: apt-get install nodejs npm, or brew install node"
        )
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=DEADLINE).stdout
    found = re.match(r"v(\d+)", said)
    if found is None or int(found[1]) < NODE:
        raise Missing(f"Node.js {NODE} or later is needed, {program} is {said.strip()}.")
    # What 22 has for everybody: the Web Cryptography API without asking for it (from 19), `URL.parse`, `crypto.hash`.
    older = ["--no-warnings", "--experimental-global-webcrypto", "--import=./older.mjs"]
    return [program, *(older if int(found[1]) < 22 else [])]


def installed() -> None:
    """`npm ci` where the lock file has changed since; of several processes one does it, the others wait."""
    node()
    wanted = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    stamp = FOLDER / "node_modules" / ".installed"
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "The tests' provider is installed by npm: no `npm` on the PATH.\nTo fix: apt-get install npm"
            )
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
        environment = {**os.environ, "NO_UPDATE_NOTIFIER": "1"}
        done = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True, timeout=DEADLINE)
        if done.returncode:
            raise RuntimeError(f"npm ci in {FOLDER} failed with status {done.returncode}:\n{done.stderr.strip()}")
        stamp.write_text(wanted)
