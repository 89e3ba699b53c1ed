"""Who runs the server: PostgreSQL refuses root, so root hands the server to another user."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..core.errors import ProdparityError

SUBSTITUTES = ("nobody", "postgres")
"""Who may run the server for root, in this order."""

PASSED_ON = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""What a server's environment holds of ours: no secret gets there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The user that owns the data directory and runs the server."""

    name: str
    uid: int
    gid: int

    @classmethod
    def current(cls) -> Account:
        """This process's user, or a substitute where this is root; raises ProdparityError where root has none."""
        uid = os.geteuid()
        if uid != 0:
            return cls(name=f"user {uid}", uid=uid, gid=os.getegid())
        for name in SUBSTITUTES:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
        raise ProdparityError(
            "PostgreSQL does not run as root, and this machine has no user to run it for root.",
            tried=f"Looked for the users {', '.join(SUBSTITUTES)}",
            fix="run pytest as an ordinary user, or: useradd --system postgres",
        )

    @property
    def differs(self) -> bool:
        """Is it another user than this process's?"""
        return self.uid != os.geteuid()

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.differs:
            os.chown(path, self.uid, self.gid)

    def passage(self, folder: Path) -> None:
        """Make `folder` and what is missing above it, so that this user can enter, whatever the umask."""
        for place in (*reversed(folder.parents), folder):
            try:
                place.mkdir()
            except FileExistsError:
                continue
            except OSError:
                if place.is_dir():
                    continue
                raise
            place.chmod(0o711 if self.differs else 0o700)

    def reaches(self, path: Path) -> bool:
        """Can this user enter every folder down to `path`, which exists? Decided by permission bits."""
        path = path.resolve()
        for place in (path, *path.parents):
            try:
                found = place.stat()
            except OSError:
                return False
            if found.st_uid == self.uid:
                bit = stat.S_IXUSR
            elif found.st_gid == self.gid:
                bit = stat.S_IXGRP
            else:
                bit = stat.S_IXOTH
            if not found.st_mode & bit:
                return False
        return True

    def run(
        self, command: Sequence[str | Path], *, stderr: IO[bytes] | int = subprocess.PIPE, timeout: float = 120
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command as this user, away from the terminal: Ctrl-C must not reach a server."""
        other: dict[str, Any] = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.differs else {}
        kept = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
        try:
            return subprocess.run(
                [os.fspath(part) for part in command],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd="/",
                env={**kept, "TZ": "UTC", "LC_ALL": "C"},
                start_new_session=True,
                timeout=timeout,
                **other,
            )
        except PermissionError:
            if self.differs and not _may_become(self):
                raise ProdparityError(
                    f"PostgreSQL does not run as root, and this root may not become {self.name!r} (uid {self.uid}).",
                    tried="This happens in containers with a single mapped user",
                    fix="run pytest as an ordinary user, or pass --parity-database=URL",
                ) from None
            raise


def _may_become(account: Account) -> bool:
    try:
        subprocess.run(
            ["/bin/sh", "-c", ":"], user=account.uid, group=account.gid, extra_groups=[], cwd="/", check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True
