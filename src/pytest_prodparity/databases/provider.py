"""What a server is, wherever it comes from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A running PostgreSQL with the rights to make databases on it. The password is never shown."""

    host: str
    port: int
    user: str
    password: str
    version: int
    """`server_version_num`, such as 180006."""
    kind: str
    """`embedded`, `docker` or `external`."""
    data: Path | None = None
    """The data directory, where this machine's files are the server's."""
    superuser: bool = True
    sslmode: str = "disable"

    @property
    def gone(self) -> bool:
        """Has its process ended? Its backends may live on for a while. Known of an embedded server only."""
        if self.kind != "embedded" or self.data is None:
            return False
        try:
            pid = int((self.data / "postmaster.pid").read_text().partition("\n")[0])
            os.kill(pid, 0)
            return _is_ending(Path(f"/proc/{pid}"))
        except (FileNotFoundError, ProcessLookupError):
            return True
        except (OSError, ValueError):
            return False
        return False

    def __repr__(self) -> str:
        return (
            f"Server({self.kind} PostgreSQL {self.version // 10000}.{self.version % 10000} at {self.host}:{self.port})"
        )

    def dsn(self, database: str = "postgres", *, user: str | None = None, password: str | None = None) -> str:
        """A libpq URL, for `psycopg.connect`."""
        who = f"{quote(user or self.user, safe='')}:{quote(self.password if password is None else password, safe='')}"
        return f"postgresql://{who}@{self.host}:{self.port}/{quote(database, safe='')}?sslmode={self.sslmode}"


_PF_EXITING = 0x4
_SIGKILL = 1 << 8


def _is_ending(process: Path) -> bool:
    """Has it ended, and nobody has asked how; or is it about to, killed or half taken down? Told by Linux only."""
    if not process.exists():
        return False
    state, *rest = (process / "stat").read_text().rpartition(")")[2].split()
    if state in ("Z", "X") or int(rest[5]) & _PF_EXITING:
        return True
    lines = (process / "status").read_text().splitlines()
    pending = [int(line.split()[1], 16) for line in lines if line.startswith(("SigPnd:", "ShdPnd:"))]
    return any(each & _SIGKILL for each in pending)


class Provider(Protocol):
    """Starts, or finds, one server. Used as a context manager's body: `start` once, `stop` once, in any case."""

    notes: list[str]
    """What the user should know about this server; filled by `start`."""

    def start(self) -> Server:
        """A server that answers; raises ProdparityError with what was tried and what to type."""

    def stop(self) -> None:
        """Release it. A kept cluster is stopped when nobody uses it any more. Never raises."""

    def again(self) -> dict[str, str] | None:
        """What another process must know to use the same server later; None where it ends with this run."""
