"""The databases of ours on a server: how they are called, what is kept, what is dead, and how each is removed."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

CLONE = re.compile(r"parity_([0-9a-f]{8})_\d+")
BUILDING = re.compile(r"prodparity_building_([0-9a-f]{16})")
KEPT = re.compile(r"prodparity_template_([0-9a-f]{16})")
READY = re.compile(r"prodparity_ready_([0-9a-f]{16})_([0-9a-f]{8})_[0-9a-f]{4}")
"""A copy of the template of the same number, made beforehand; and the second since 1970 in which it was made."""
LOCKS = 1886544500
"""The class of our advisory locks, all taken in the database `postgres`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A template as it lies on a server."""

    name: str
    """The database."""
    used: int
    """Seconds since 1970, exact to the hour."""
    label: str
    size: int
    ready: int = 0
    """Copies of it that were made beforehand."""
    ready_size: int = 0

    @property
    def short(self) -> str:
        """The name without what all have in common."""
        return self.name.rpartition("_")[2]

    @property
    def whole_size(self) -> int:
        """Bytes with its ready copies."""
        return self.size + self.ready_size


def kept(connection: psycopg.Connection, owner: str) -> list[Kept]:
    """All whole templates of `owner`, the ones used last first."""
    rows = connection.execute(
        "SELECT datname, pg_catalog.shobj_description(oid, 'pg_database'), pg_catalog.pg_database_size(oid),"
        " datistemplate FROM pg_catalog.pg_database"
        " WHERE datname LIKE 'prodparity%%' AND pg_catalog.pg_get_userbyid(datdba) = %s",
        [owner],
    ).fetchall()
    copies: dict[str, list[int]] = {}
    for name, _, size, _ in rows:
        if match := READY.fullmatch(name):
            copies.setdefault(match[1], []).append(size)
    found = []
    for name, said, size, whole in rows:
        if whole and (match := KEPT.fullmatch(name)):
            ready = copies.get(match[1], [])
            used, label = parsed(said)
            found.append(Kept(name=name, used=used, label=label, size=size, ready=len(ready), ready_size=sum(ready)))
    return sorted(found, key=lambda one: (-one.used, one.name))


def ready(connection: psycopg.Connection, template: str) -> list[str]:
    """The names of the template's ready copies, the oldest first."""
    match = KEPT.fullmatch(template)
    if match is None:
        return []
    rows = connection.execute(
        "SELECT datname FROM pg_catalog.pg_database WHERE pg_catalog.starts_with(datname::text, %s) AND datconnlimit <> -2",
        [f"prodparity_ready_{match[1]}_"],
    ).fetchall()
    return sorted(name for (name,) in rows if READY.fullmatch(name))


def drop(connection: psycopg.Connection, name: str) -> None:
    """Drop a database, whoever is connected to it or follows its changes; a template with its ready copies."""
    row = connection.execute("SELECT datistemplate FROM pg_catalog.pg_database WHERE datname = %s", [name]).fetchone()
    with suppress(psycopg.errors.InvalidCatalogName):
        for copy in ready(connection, name):
            drop(connection, copy)
        if row is not None and row[0]:
            connection.execute(sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE false").format(sql.Identifier(name)))
        _drop(connection, name)


def _drop(connection: psycopg.Connection, name: str) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            return
        except psycopg.errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise
        # FORCE does not end a session that holds a replication slot.
        connection.execute(
            "SELECT pg_catalog.pg_terminate_backend(active_pid) FROM pg_catalog.pg_replication_slots"
            " WHERE database = %s AND active_pid IS NOT NULL",
            [name],
        )
        time.sleep(0.005)


def stale(connection: psycopg.Connection, *, own: str | None = None) -> list[str]:
    """What may go, of those that may be dropped by this user. `connection` is to `postgres`, in autocommit.

    Clones and half-built templates whose process is dead; half-dropped templates; ready copies of no template.
    """
    rows = connection.execute(
        "SELECT datname, datistemplate, datconnlimit FROM pg_catalog.pg_database"
        # A server may be shared with other users, and theirs are theirs.
        " WHERE pg_catalog.pg_has_role(datdba, 'USAGE') ORDER BY oid"
    ).fetchall()
    whole = {match[1] for name, template, _ in rows if template and (match := KEPT.fullmatch(name))}
    found = []
    locked: dict[str, bool] = {}
    for name, template, limit in rows:
        match = CLONE.fullmatch(name) or BUILDING.fullmatch(name)
        if match is None:
            match = KEPT.fullmatch(name) or READY.fullmatch(name)
            # -2 is how PostgreSQL marks what was half dropped.
            if match and not template and (match[1] not in whole or limit == -2):
                found.append(name)
            continue
        if match[1] == own:
            continue
        number = number_of(match[1])
        if match[1] not in locked:
            locked[match[1]] = not attempt(connection, number)
            if not locked[match[1]]:
                release(connection, number)
        if not locked[match[1]]:
            found.append(name)
    return found


def orphans(connection: psycopg.Connection, data: Path) -> list[Path]:
    """Folders of no database: what a server that was killed in the middle of a copy has left, and never removes.

    One that changed within ten minutes may be a copy that is being made.
    """
    there = [path for path in (data / "base").glob("*") if path.name.isdigit()]
    # asked after the folders: a database that comes in between is in the answer
    known = {str(oid) for (oid,) in connection.execute("SELECT oid FROM pg_catalog.pg_database")}
    found = []
    for path in there:
        with suppress(OSError):
            if path.name not in known and time.time() - path.stat().st_mtime > 600:
                found.append(path)
    return found


def attempt(connection: psycopg.Connection, number: int) -> bool:
    """Take one of our locks, unless somebody has it."""
    row = connection.execute("SELECT pg_catalog.pg_try_advisory_lock(%s, %s)", [LOCKS, number]).fetchone()
    return row is not None and bool(row[0])


def release(connection: psycopg.Connection, number: int) -> None:
    """Give it back."""
    connection.execute("SELECT pg_catalog.pg_advisory_unlock(%s, %s)", [LOCKS, number])


@contextmanager
def alone(connection: psycopg.Connection, what: str, waiting: Callable[[float], None] | None = None) -> Iterator[None]:
    """With the lock of that name; `waiting` is told the seconds, again and again. A lock that is waited for in the server
    would be an open transaction, for which others wait.
    """
    number, began = number_of(what), time.monotonic()
    while not attempt(connection, number):
        if waiting is not None:
            waiting(time.monotonic() - began)
        time.sleep(0.02)
    try:
        yield
    finally:
        with suppress(psycopg.Error):
            release(connection, number)


def number_of(text: str) -> int:
    """A lock's number: 31 bits of the name's hash."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1


def parsed(comment: str | None) -> tuple[int, str]:
    """A template's comment: the hour of its last use, and its label."""
    found = re.fullmatch(r"prodparity, last used (\d+)(?:\n(.*))?", comment or "", re.DOTALL)
    return (int(found[1]), found[2] or "") if found else (0, "")


def comment(label: str) -> str:
    """The same, of now."""
    return f"prodparity, last used {int(time.time())}" + (f"\n{label}" if label else "")
