"""`project({...}).run(...)`: a project of its own, run by a pytest of its own, checked by what it reports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from pytest_prodparity.databases.provider import Server


@dataclass(frozen=True, kw_only=True)
class Result:
    """One run of pytest."""

    status: int
    out: str
    report: dict[str, Any] | None

    @property
    def findings(self) -> list[tuple[str, str | None]]:
        """(rule, "path:line") in order."""
        assert self.report is not None, self.out
        return [(found["rule"], found["source"]) for found in self.report["findings"]]

    @property
    def outcomes(self) -> dict[str, int]:
        """`{"passed": 2, "failed": 1}` from pytest's last line."""
        last = next(line for line in reversed(self.out.splitlines()) if re.search(r" in [\d.]+s", line))
        return {kind.rstrip("s") if kind == "errors" else kind: int(n) for n, kind in re.findall(r"(\d+) (\w+)", last)}


class Project:
    """A folder with files; `run` runs pytest there in a subprocess."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self.folder = folder
        self._cache = cache

    def write(self, files: Mapping[str, str]) -> Project:
        """Add files."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """The running pytest, for tests that disturb it."""
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 120) -> Result:
        """Run pytest to its end."""
        process = self.start(*arguments, environment=environment)
        try:
            out, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
            raise AssertionError(f"pytest did not end within {timeout} s:\n{out}") from None
        report = self.folder / ".prodparity" / "report.json"
        return Result(
            status=process.returncode, out=out, report=json.loads(report.read_text()) if report.exists() else None
        )

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Ours, without what is set for this machine's own pytest and PostgreSQL."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name != "CI" and not name.startswith(("PRODPARITY_", "PYTEST_", "PG"))
        }
        # Shuffled only where a test asks for it.
        ours = {"PRODPARITY_CACHE": str(self._cache), "COLUMNS": "120", "PYTEST_ADDOPTS": "-p no:randomly"}
        return {**kept, **ours, **(more or {})}


def production(server: Server, name: str, statements: str, folder: Path) -> None:
    """Fill a database with `statements`, capture it into `folder`/parity, throw it away."""
    from pytest_prodparity.profile.capture import capture
    from pytest_prodparity.profile.store import save

    identifier = sql.Identifier(name)
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        try:
            with psycopg.connect(server.dsn(name), autocommit=True) as connection:
                connection.execute(statements.encode())
                connection.execute("VACUUM ANALYZE")
            profile, schema = capture(server.dsn(name))
            save(folder / "parity", profile, schema)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def run_command(
    project: Project, *arguments: str, status: int = 0, environment: Mapping[str, str] | None = None
) -> str:
    """Run `prodparity …` in the project; what it printed."""
    code = "from pytest_prodparity.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=project.folder,
        env=project.environment(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == status, done.stdout
    return done.stdout
