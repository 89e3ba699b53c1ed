"""One PostgreSQL cluster on this machine's disk: made whole or not at all, launched, found again, halted, thrown away.

Everything here runs under `Shared.changing`: one process at a time.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..core.errors import ProdparityError
from . import boot, durable, options
from .account import Account
from .binaries import Binaries
from .cache import VARIABLE, free
from .shared import STEP
from .spread import spread

HALF = "half-made."
GONE = "gone."
LAUNCH = """
(
    "$@" </dev/null >&2 &
    echo $!
    exec </dev/null >&2
    wait
) &
"""
"""The shell that stays above the server: it reaps it, so that a dead server never looks alive."""


class NotStarted(ProdparityError):
    """The server ended before it was ready. `damaged`: its data are the likely cause."""

    def __init__(self, happened: str, *, tried: str, damaged: bool) -> None:
        super().__init__(happened, tried=tried, fix="prodparity doctor")
        self.damaged = damaged


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """`state.json`, 0600: what must be known of the cluster beside its data."""

    password: str
    boot: str = ""
    """The boot of the machine in which the server last started."""

    def __repr__(self) -> str:
        return f"State(boot={self.boot!r})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says."""

    pid: int
    port: int
    status: str


class Cluster:
    """A data directory `folder/data` with its log and its state."""

    def __init__(self, folder: Path, binaries: Binaries, account: Account) -> None:
        self.folder = folder
        self.version = binaries.version
        self.data = folder / "data"
        self._binaries = binaries
        self._account = account
        self._log = folder / "log"

    def find(self) -> tuple[int, str] | None:
        """Port and password of the running server; None where none runs. A stale `postmaster.pid` is removed."""
        state = self._state()
        deadline = time.monotonic() + 60
        while (found := self._postmaster()) is not None:
            if found.status == "ready" and state and self._answers(found.port, state.password):
                return found.port, state.password
            if not self._is_ours(found.pid):
                # Its number went to another process: PostgreSQL itself would refuse to start.
                (self.data / "postmaster.pid").unlink(missing_ok=True)
                return None
            if state is None:
                self.halt()
            elif time.monotonic() > deadline:
                raise ProdparityError(
                    f"The PostgreSQL of process {found.pid} in {self.data} has not answered for 60 s.",
                    fix=f"kill -QUIT {found.pid}",
                )
            time.sleep(STEP)
        return None

    def usable(self) -> bool:
        """Are there whole data? With fsync off, what an earlier boot wrote may be torn, and look whole; unless it was
        flushed after the server had stopped.
        """
        state = self._state()
        return (
            state is not None
            and (state.boot in ("", boot.identity()) or durable.proven(self.folder))
            and (self.data / "PG_VERSION").exists()
            and (self.data / "global" / "pg_control").exists()
        )

    def cut_off(self) -> bool:
        """Did the machine go down before the server's data were on the disk?"""
        state = self._state()
        return (self.data / "PG_VERSION").exists() and state is not None and state.boot not in ("", boot.identity())

    def make(self) -> None:
        """A new, empty cluster in place of whatever is there."""
        self.sweep()
        self._away()
        half = self.folder / f"{HALF}{secrets.token_hex(4)}"
        state = State(password=secrets.token_hex(16))
        with self._enough_disk(), self._password_file(state.password) as file:
            spread(self.folder)
            half.mkdir(mode=0o700)
            spread(half)
            self._account.own(half)
            try:
                initdb = self._binaries.folder / "initdb"
                arguments = options.initdb(self._binaries.major)
                done = self._account.run([initdb, "-D", half, "-U", "postgres", "--pwfile", file, *arguments])
                if done.returncode:
                    raise self._failed_initdb(done)
                spread(half / "base")
                self._write(state)
                half.rename(self.data)
            finally:
                shutil.rmtree(half, ignore_errors=True)

    def launch(self) -> tuple[int, str]:
        """Start the server; port and password once it is ready. Raises NotStarted with the end of its log."""
        state = self._state()
        assert state is not None, "launch without data"
        with self._enough_disk():
            durable.withdraw(self.folder)
            (self.data / "postgresql.auto.conf").write_bytes(b"")
            state = State(password=state.password, boot=boot.identity())
            self._write(state)
            for _ in range(10):
                port = _free_port()
                if self._launched(port):
                    return port, state.password
        raise NotStarted("PostgreSQL found no free port in 10 tries.", tried=self.tail(), damaged=False)

    def rest(self) -> None:
        """Stop the server for now: its data are wanted again, after a restart of the machine too. Never raises."""
        self.halt()
        durable.prove(self.folder, durable.flush(self.data, self._binaries.folder / "initdb"))

    def halt(self) -> None:
        """Stop the server where one runs: as soon as possible, without losing anything. Never raises."""
        for sign, seconds in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
            found = self._postmaster()
            if found is None or not self._is_ours(found.pid):
                return
            with suppress(ProcessLookupError):
                os.kill(found.pid, sign)
            deadline = time.monotonic() + seconds
            while self._postmaster() is not None and time.monotonic() < deadline:
                time.sleep(0.002)

    def sweep(self) -> None:
        """Remove what a killed run left half-made or half-removed."""
        for pattern in (HALF, GONE, "password."):
            for path in self.folder.glob(f"{pattern}*"):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)

    def tail(self) -> str:
        """The last lines of the server's log."""
        try:
            lines = self._log.read_text(errors="replace").splitlines()
        except OSError:
            lines = []
        return (
            "\n".join(["The end of its log:", *(f"  {line}" for line in lines[-8:])]) if lines else "Its log is empty."
        )

    def _launched(self, port: int) -> bool:
        """False where the port was taken meanwhile."""
        chosen = options.settings(self._binaries.major) | {
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
        }
        command: list[str | Path] = ["/bin/sh", "-c", LAUNCH, "prodparity"]
        command += [self._binaries.folder / "postgres", "-D", self.data]
        for name, value in chosen.items():
            command += ["-c", f"{name}={value}"]
        with os.fdopen(os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600), "wb") as log:
            done = self._account.run(command, stderr=log.fileno())
        pid = int(done.stdout)
        deadline = time.monotonic() + 60
        while True:
            found = self._postmaster()
            if found is not None and found.pid == pid and found.status == "ready":
                return True
            if not _alive(pid):
                return self._ended()
            if time.monotonic() > deadline:
                self.halt()
                raise NotStarted("PostgreSQL was not ready within 60 s.", tried=self.tail(), damaged=False)
            time.sleep(STEP)

    def _ended(self) -> bool:
        said = self._log.read_text(errors="replace")
        if "Address already in use" in said:
            return False
        if _says_full(said):
            raise self._disk_full()
        machine = (
            "shared memory",
            "semaphores",
            "Cannot allocate memory",
            "Too many open files",
            "could not create any",
        )
        raise NotStarted(
            f"PostgreSQL {self._binaries.text} ended while it started.",
            tried=self.tail(),
            damaged=not any(cause in said for cause in machine),
        )

    def _postmaster(self) -> Postmaster | None:
        """None where no server runs or its process is dead."""
        try:
            lines = (self.data / "postmaster.pid").read_text(errors="replace").split("\n")
            found = Postmaster(
                pid=int(lines[0]),
                port=int(lines[3]) if len(lines) > 3 and lines[3] else 0,
                status=lines[7].strip() if len(lines) > 7 else "starting",
            )
        except (OSError, ValueError):
            return None
        return found if _alive(found.pid) else None

    def _is_ours(self, pid: int) -> bool:
        """Is `pid` a server of these data, as far as can be told?"""
        try:
            said = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            asked = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], check=False, capture_output=True)
            said = asked.stdout
        return os.fsencode(self.data) in said

    def _answers(self, port: int, password: str) -> bool:
        import psycopg

        try:
            with closing(
                psycopg.connect(
                    host="127.0.0.1", port=port, user="postgres", password=password, dbname="postgres",
                    connect_timeout=5, sslmode="disable",
                )
            ) as connection:  # fmt: skip
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.Error:
            return False
        return row is not None and Path(row[0]).resolve() == self.data.resolve()

    def _state(self) -> State | None:
        try:
            return State(**json.loads((self.folder / "state.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _write(self, state: State) -> None:
        file = self.folder / f"password.{secrets.token_hex(4)}"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
            handle.write(json.dumps(asdict(state)))
        file.replace(self.folder / "state.json")

    @contextmanager
    def _password_file(self, password: str) -> Iterator[Path]:
        """A file that `initdb`, which may run as another user, can read."""
        file = self.folder / f"password.{secrets.token_hex(4)}"
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as handle:
                handle.write(password)
            self._account.own(file)
            yield file
        finally:
            file.unlink(missing_ok=True)

    def _away(self) -> None:
        self.halt()
        with suppress(FileNotFoundError):
            gone = self.folder / f"{GONE}{secrets.token_hex(4)}"
            self.data.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _failed_initdb(self, done: subprocess.CompletedProcess[bytes]) -> ProdparityError:
        said = done.stderr.decode(errors="replace").strip()
        if _says_full(said):
            return self._disk_full()
        return ProdparityError(
            f"Could not make a PostgreSQL cluster: initdb ended with status {done.returncode}.",
            tried="\n".join(f"  {line}" for line in said.splitlines()[-6:]),
            fix=f"prodparity doctor, or set {VARIABLE} to another folder",
        )

    @contextmanager
    def _enough_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as cause:
            if cause.errno in (errno.ENOSPC, errno.EDQUOT):
                raise self._disk_full() from cause
            raise ProdparityError(f"PostgreSQL's files in {self.folder} cannot be written: {cause}.") from cause

    def _disk_full(self) -> ProdparityError:
        return ProdparityError(
            f"No space left on the disk of {self.folder}: {free(self.folder) >> 20} MB free, a cluster needs 100 MB.",
            fix=f"free some space (prodparity doctor --fix), or set {VARIABLE} to a folder on another disk",
        )


def _says_full(text: str) -> bool:
    return "No space left on device" in text or "Check free disk space" in text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
