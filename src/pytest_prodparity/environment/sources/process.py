"""A running process: this one, one of this machine by its id, or one that a command leads to."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.errors import ProdparityError, UsageError
from ..manifest import Limits, Manifest, Variable
from ..names import NOT_FROM_PRODUCTION, among
from . import probe
from .found import Found, variable

SECONDS = 60.0


def here(origin: str = "this process") -> Found:
    """This process's own, for a command that runs where production runs."""
    done = subprocess.run([_python(), str(Path(probe.__file__))], check=False, capture_output=True, text=True)
    return _read(done.stdout, origin)


def through(command: str) -> Found:
    """What Python sees at the end of `command`, such as `kubectl exec -i deploy/web --`. Raises ProdparityError."""
    try:
        words = shlex.split(command)
    except ValueError as cause:
        raise UsageError(
            f"--through {command!r} is no command: {cause}.", fix='--through "docker exec -i web"'
        ) from None
    script = Path(probe.__file__).read_text(encoding="utf-8")
    said = ""
    for python in ("python3", "python"):
        try:
            done = subprocess.run(
                [*words, python, "-"], input=script, check=False, capture_output=True, text=True, timeout=SECONDS
            )
        except FileNotFoundError:
            raise UsageError(
                f"--through: there is no {words[0]!r} on this machine.", fix="install it, or check PATH"
            ) from None
        except subprocess.TimeoutExpired:
            raise ProdparityError(
                f"`{command}` did not answer within {SECONDS:.0f} s.", fix="try the command by hand"
            ) from None
        if done.returncode == 0 and "prodparity" in done.stdout:
            return _read(done.stdout, " ".join(words[:4]))
        said = " ".join(done.stderr.split())[-200:] or f"it ended with status {done.returncode}"
    raise ProdparityError(
        f"No Python answered at the end of `{command}`: {said}.",
        tried="Tried: python3 -, python -",
        fix='give a command that passes its input on, such as --through "docker exec -i web"',
    )


def of_pid(pid: int) -> Found:
    """A process of this machine, by what Linux tells of it: names, user, umask, limits. Its Python is not known."""
    folder = Path(f"/proc/{pid}")
    try:
        raw = (folder / "environ").read_bytes()
        status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
        limits = (folder / "limits").read_text()
    except FileNotFoundError:
        what = (
            f"there is no process {pid}" if Path("/proc/self").exists() else "only Linux tells a process's environment"
        )
        raise UsageError(
            f"--pid {pid}: {what}.", fix='give the id of a running process, or --through "ssh host"'
        ) from None
    except PermissionError:
        raise UsageError(
            f"--pid {pid}: this user may not read its environment.", fix="run it as that user, or as root"
        ) from None
    pairs = dict(entry.split("=", 1) for entry in raw.decode(errors="surrogateescape").split("\0") if "=" in entry)
    files = re.search(r"^Max open files\s+(\d+)", limits, re.MULTILINE)
    manifest = Manifest(
        variables=_variables(pairs, f"process {pid}"),
        complete=True,
        timezone=_name(pairs.get("TZ")),
        locale=_name(pairs.get("LC_ALL") or pairs.get("LANG")),
        umask=int(status["Umask"], 8) if "Umask" in status else None,
        uid=int(status["Uid"].split()[0]),
        gid=int(status["Gid"].split()[0]),
        limits=Limits(open_files=int(files[1]) if files else None),
    )
    return Found(manifest=manifest)


def _read(text: str, origin: str) -> Found:
    start = text.find('{"prodparity"')
    try:
        facts: Mapping[str, Any] = json.loads(text[start:].splitlines()[0]) if start >= 0 else {}
    except ValueError:
        facts = {}
    if not facts:
        raise ProdparityError(
            f"{origin}: Python ran there and did not say what it saw.", fix="try again with --through"
        )
    manifest = Manifest(
        variables=_variables(facts["variables"], origin),
        complete=True,
        python=facts["python"],
        packages=facts["packages"],
        timezone=_name(facts["timezone"]),
        locale=_name(facts["locale"]),
        umask=facts["umask"],
        uid=facts["uid"],
        gid=facts["gid"],
        read_only=tuple(facts["read_only"]),
        limits=Limits(**facts["limits"]),
    )
    return Found(manifest=manifest)


def _variables(pairs: Mapping[str, str], origin: str) -> dict[str, Variable]:
    plain = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
    return {
        name: variable(name, value, origin)
        for name, value in sorted(pairs.items())
        if plain.fullmatch(name) and not among(name, NOT_FROM_PRODUCTION)
    }


def _name(said: str | None) -> str | None:
    return said if said and re.fullmatch(r"[A-Za-z0-9_+\-/.@:,]{1,40}", said) else None


def _python() -> str:
    import sys

    return sys.executable or os.environ.get("PYTHONEXECUTABLE", "python3")
