"""What `parity_env` gives: production's environment as it is in force for the test, and subprocesses under its limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..core.errors import ProdparityError, UsageError
from . import launcher
from .guard import Guard
from .manifest import Manifest

LIMITS = ("memory", "open_files", "user", "read_only", "umask")


class Environment:
    """Production's, for one test."""

    def __init__(self, manifest: Manifest, guard: Guard | None) -> None:
        self.manifest = manifest
        """What `parity/environment.toml` says."""
        self._guard = guard

    @property
    def hidden(self) -> frozenset[str]:
        """Names that exist on this machine, and not for the test; empty at level `off`."""
        return frozenset(self._guard.absent if self._guard is not None and self._guard.is_up else ())

    def run(
        self, command: Sequence[str | os.PathLike[str]], *, limits: Sequence[str] = LIMITS, **options: Any
    ) -> subprocess.CompletedProcess[Any]:
        """`subprocess.run(command, **options)` under production's limits, as far as the manifest has them.

        `limits`: which of `memory`, `open_files`, `user`, `read_only` and `umask`. Raises UsageError for another one, and
        ProdparityError where this machine does not allow it: another user takes root, read-only paths take Linux.
        """
        wrong = [one for one in limits if one not in LIMITS]
        if wrong:
            raise UsageError(f"parity_env.run: limits={wrong[0]!r} does not exist.", fix=f"use {', '.join(LIMITS)}")
        asked = self._asked(limits)
        script = str(Path(launcher.__file__))
        done = subprocess.run(
            [sys.executable, "-I", script, json.dumps(asked), *[os.fspath(part) for part in command]],
            check=False,
            **{name: value for name, value in options.items() if name != "check"},
        )
        if done.returncode == launcher.REFUSED:
            wanted = ", ".join(f"{name} {value}" for name, value in asked.items())
            raise ProdparityError(
                f"This machine does not allow production's limits: {wanted}.",
                tried="Another user takes root; paths that cannot be written to take root or user namespaces of Linux",
                fix='parity_env.run(command, limits=["memory", "open_files"])',
            )
        if options.get("check"):
            done.check_returncode()
        return done

    def _asked(self, limits: Sequence[str]) -> dict[str, object]:
        known = self.manifest
        other = known.uid is not None and known.uid != os.geteuid()
        said: dict[str, object] = {
            "memory": known.limits.memory if "memory" in limits else None,
            "open_files": known.limits.open_files if "open_files" in limits else None,
            "uid": known.uid if "user" in limits and other else None,
            "gid": known.gid if "user" in limits and other else None,
            "read_only": list(known.read_only) if "read_only" in limits else None,
            "umask": known.umask if "umask" in limits else None,
        }
        return {name: value for name, value in said.items() if value not in (None, [])}

    def __repr__(self) -> str:
        return f"<parity_env: {len(self.manifest.variables)} variables, {len(self.hidden)} hidden>"
