"""Where kept servers live on this machine."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import ProdparityError, UsageError
from .account import Account

NAME = "pytest-prodparity"
VARIABLE = "PRODPARITY_CACHE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cache:
    """A folder of this user's, that the server's user can enter."""

    root: Path
    note: str | None = None
    """Why it is not the usual place."""


def cache(account: Account) -> Cache:
    """The cache folder, made if need be; raises UsageError where `PRODPARITY_CACHE` cannot be used."""
    named = os.environ.get(VARIABLE)
    if named:
        return _named(Path(named).expanduser().absolute(), account)
    usual = _usual()
    return _first((usual, *_others()), account, quiet=account.differs)


def secret(root: Path) -> str:
    """This cache's own random text, from which the passwords of roles of ours follow; made once, 0600.

    It is known before any server runs: that is what lets a run's URL stand before its server does.
    """
    path = root / "secret"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        handle, name = tempfile.mkstemp(prefix="secret.", dir=root)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(16))
        with suppress(FileExistsError):  # another process was faster
            os.link(name, path)
        os.unlink(name)  # noqa: PTH108
        return path.read_text(encoding="ascii")


def _first(places: Sequence[Path], account: Account, *, quiet: bool) -> Cache:
    problems: list[str] = []
    for place in places:
        problem = _problem(place, account)
        if problem is None:
            note = None if quiet or not problems else f"servers are kept in {place}, because {problems[0]}"
            return Cache(root=place, note=note)
        problems.append(problem)
    raise ProdparityError(
        "There is no folder in which a PostgreSQL could be kept.",
        tried="Tried: " + "; ".join(problems),
        fix=f"set {VARIABLE} to a folder that you can write",
    )


def _usual() -> Path:
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() raises where there is no home
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / NAME
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else home / ".cache") / NAME


def _others() -> list[Path]:
    temporary = Path(tempfile.gettempdir()) / f"{NAME}-{os.geteuid()}"
    return [Path("/var/cache") / NAME, Path("/var/tmp") / f"{NAME}-0"] if os.geteuid() == 0 else [temporary]  # noqa: S108


def _named(place: Path, account: Account) -> Cache:
    problem = _problem(place, account)
    if problem is None:
        return Cache(root=place)
    if account.differs and place.is_dir() and not account.reaches(place):
        return _stand_in(place, account)
    raise UsageError(
        f"{VARIABLE}={str(place)!r} cannot be used: {problem}.",
        fix=f"set {VARIABLE} to a folder that you can write, or unset it",
    )


def _stand_in(named: Path, account: Account) -> Cache:
    """A folder elsewhere in place of root's `named`, below a folder that the server's user may not enter."""
    stand_ins = _first(_others(), account, quiet=True).root / "stand-ins"
    place = stand_ins / hashlib.sha256(os.fsencode(named)).hexdigest()[:12]
    account.passage(place)
    (place / "for").write_bytes(os.fsencode(named))
    return Cache(root=place, note=f"servers are kept in {place}, because {account.name!r} cannot enter {named}")


def abandoned(account: Account) -> list[Path]:
    """Stand-ins whose named folder is gone."""
    notes = [note for place in _others() if account.differs for note in place.glob("stand-ins/*/for")]
    return [note.parent for note in notes if not os.path.exists(note.read_bytes())]  # noqa: PTH110  # bytes


def _problem(place: Path, account: Account) -> str | None:
    try:
        account.passage(place)
        found = place.stat()
        if found.st_uid != os.geteuid():
            return f"{place} belongs to another user"
        if found.st_mode & 0o022:
            place.chmod(found.st_mode & 0o755)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as cause:
        return f"{place} cannot be written ({cause.strerror or cause})"
    if account.differs and not account.reaches(place):
        return f"{account.name!r}, who runs the server for root, cannot enter {place}"
    return None


def size(folder: Path) -> int:
    """Bytes of all files below `folder`; files that vanish meanwhile do not count."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118  # a hot loop
            except OSError:
                continue
    return total


def free(folder: Path) -> int:
    """Free bytes on the disk of `folder`."""
    return shutil.disk_usage(folder).free
