"""`capture --whole`: all rows of small lookup tables, which their owner lets leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from psycopg import sql

from ..core.errors import UsageError
from ..core.suggest import closest
from .connection import Reading
from .model import Profile, Table
from .probed import Whole
from .probing import rows_of
from .redact import Policy
from .scrub import looks
from .types import ValueType
from .words import named

MOST = 1000
"""Rows; what has more is no lookup table."""


def check(names: Sequence[str], policy: Policy) -> None:
    """Raises UsageError where `--whole` and `--no-values` contradict each other."""
    if names and not policy.values:
        raise UsageError(
            f"--whole {','.join(names)} lets values leave, and --no-values lets none.", fix="leave one of them out"
        )


def with_whole(
    production: Reading,
    profile: Profile,
    names: Sequence[str],
    policy: Policy,
    types: Mapping[tuple[str, str], ValueType],
    hidden: Iterable[str],
) -> Profile:
    """The profile with the rows of these tables.

    `hidden`: tables of which row-level security shows only a part. Raises UsageError for a name that is not there, a
    table that may not be read, and one that has too many rows.
    """
    wanted = {table.full_name for table in (_find(profile, name) for name in names)}
    closed = set(hidden)
    tables = []
    for table in profile.tables:
        if table.full_name in wanted:
            production.progress(f"rows of {table.full_name}")
            if not table.readable or table.full_name in closed:
                raise UsageError(
                    f"--whole {table.full_name}: the role may not read all its rows.",
                    fix=f"GRANT SELECT on it to {profile.role}, or leave it out of --whole",
                )
            table = replace(table, whole=_rows(production, table, policy, types))
        tables.append(table)
    return replace(profile, tables=tables)


def _find(profile: Profile, name: str) -> Table:
    table = profile.table(name)
    if table is None:
        alike = [known.full_name for known in profile.tables if known.name == name]
        if alike:
            raise UsageError(
                f"--whole {name}: a table of several schemas.", fix=f"--whole {' or '.join(sorted(alike))}"
            )
        near = closest(name, [known.name for known in profile.tables])
        raise UsageError(f"--whole {name}: production has no such table{near}.", fix="--whole countries,currencies")
    if table.kind not in ("table", "partition"):
        raise UsageError(f"--whole {name}: {table.full_name} is a {table.kind}, not a table.", fix="leave it out")
    return table


def _rows(production: Reading, table: Table, policy: Policy, types: Mapping[tuple[str, str], ValueType]) -> Whole:
    count = int(production.composed(sql.SQL("SELECT count(*) AS n FROM {}").format(rows_of(table)))[0]["n"])
    if count > MOST:
        raise UsageError(
            f"--whole {table.full_name}: it has {count:,} rows, and at most {MOST:,} of a table leave.",
            fix="leave it out: its statistics are captured; --whole is for lookup tables",
        )
    reasons = {column.name: _by_name(table, column.name, policy, types) for column in table.columns}
    columns = [
        column.name
        for column in table.columns
        if reasons[column.name] is None and column.generated not in ("stored", "virtual")
    ]
    rows: list[list[str | None]] = [[] for _ in range(count)]
    if columns:
        listed = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns)
        query = sql.SQL("SELECT ARRAY[{}] AS v FROM {}{}").format(listed, rows_of(table), _order(table))
        rows = [row["v"] for row in production.composed(query)]
    for at, name in enumerate(columns):
        if policy.asked(table.schema, table.name, name) != "kept" and not _plain(types[table.full_name, name]):
            found = {reason for row in rows if row[at] is not None and (reason := looks(str(row[at])))}
            reasons[name] = "secret" if "secret" in found else "personal" if found else None
    kept = [at for at, name in enumerate(columns) if reasons[name] is None]
    return Whole(
        columns=[columns[at] for at in kept],
        rows=[[row[at] for at in kept] for row in rows],
        withheld={name: reason for name, reason in sorted(reasons.items()) if reason is not None},
    )


def _by_name(table: Table, column: str, policy: Policy, types: Mapping[tuple[str, str], ValueType]) -> str | None:
    """`denied`, or `secret` by the name. A name that sounds personal is that of a country here."""
    asked = policy.asked(table.schema, table.name, column)
    if asked == "denied":
        return "denied"
    if asked == "kept" or types[table.full_name, column].harmless:
        return None
    return "secret" if named(column) == "secret" else None


def _plain(kind: ValueType) -> bool:
    """Numbers and the like, and keys: no text that could be anything."""
    return kind.harmless or kind.name == "uuid"


def _order(table: Table) -> sql.Composed:
    """By the primary key, so that the same rows are the same lines."""
    primary = next((index.columns for index in table.indexes if index.primary), None)
    if primary is not None:
        return sql.SQL(" ORDER BY {}").format(sql.SQL(", ").join(map(sql.Identifier, primary)))
    return sql.Composed([sql.SQL(" ORDER BY 1")])
