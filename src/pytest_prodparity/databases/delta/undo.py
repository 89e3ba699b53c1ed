"""Takes a net change back: delete what came, then put back what went.

Each table passes only through parts of its state at the start, so no unique or exclusion constraint can fail; triggers,
cascades, rules and foreign keys do not act, since the session is a replica's. Rows go to the partition they were in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import psycopg
from psycopg import sql

from . import prepare
from .decode import Image, Net, Rows, Unreadable, text
from .shape import Column, Table

_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
PER_PAGE = 291
"""Rows that a page of 8 KB can hold at most."""


def stubborn(net: Net) -> list[str]:
    """Why the change cannot be taken back, as far as it is known before it is tried."""
    reasons = list(net.unread)
    reasons += [
        f"{rows.table.name} was changed: {rows.table.stubborn}"
        for rows in net.rows.values()
        if rows.count and rows.table.stubborn
    ]
    return reasons


def put_back(connection: psycopg.Connection, net: Net, *, start: str | None) -> None:
    """Within a transaction. Raises Unreadable where a count is not what it must be, or psycopg's own error.

    `start`: the position in the log since which the rows came, None where it is not kept; without keys they are looked
    for in the pages written since.
    """
    for rows in net.rows.values():
        positives = rows.positives()
        if positives:
            delete = _delete_by_key if rows.table.key else _delete_by_place
            found = delete(connection, rows, positives, start)
            if found != len(positives):
                raise Unreadable(f"{found} of {len(positives)} rows to be removed were found in {rows.table.name}")
        negatives = rows.negatives()
        if negatives:
            _copy(connection, rows.table, negatives)


def _delete_by_key(connection: psycopg.Connection, rows: Rows, positives: list[Image], _start: str | None) -> int:
    table = rows.table
    columns = [table.columns[at] for at in table.key]
    arrays = [_array(text(image[at] or "") for image in positives) for at in table.key]
    return connection.execute(_deletion(table, columns), arrays, prepare=True).rowcount


def _deletion(table: Table, columns: list[Column]) -> bytes:
    """One array parameter for each column of the key; the index's own operators, whatever the search_path."""
    name = _percent(table.printed)
    if len(columns) == 1 and columns[0].array:
        (column,) = columns
        condition = f"t.{_percent(column.quoted)} {_percent(column.equal)} ANY (%s::{_percent(column.type)}[])"
        return f"DELETE FROM ONLY {name} t WHERE {condition}".encode()  # noqa: S608  # quoted by the server
    match = " AND ".join(
        f"t.{_percent(column.quoted)} {_percent(column.equal)} k.k{at}::{_percent(column.type)}"
        for at, column in enumerate(columns)
    )
    keys = ", ".join(f"k{at}" for at in range(len(columns)))
    arrays = ", ".join(["%s::text[]"] * len(columns))
    return f"DELETE FROM ONLY {name} t USING unnest({arrays}) AS k({keys}) WHERE {match}".encode()  # noqa: S608


def _percent(name: str | None) -> str:
    """A name in a statement that has parameters."""
    return (name or "").replace("%", "%%")


def _delete_by_place(connection: psycopg.Connection, rows: Rows, positives: list[Image], start: str | None) -> int:
    """Rows are compared as text, column by column, in the pages that were written since the start."""
    table = rows.table
    stored = [at for at, column in enumerate(table.columns) if not column.virtual]
    wanted: dict[Image, int] = {}
    for image in positives:
        plain = tuple([None if (value := image[at]) is None else text(value) for at in stored])
        wanted[plain] = wanted.get(plain, 0) + 1
    columns = ", ".join(["ctid", *(table.columns[at].quoted for at in stored)])
    query = f"SELECT {columns} FROM ONLY {table.printed}"  # noqa: S608
    if start is not None:
        query += f" WHERE ctid = ANY (ARRAY({_tids(connection, table, start).as_string(connection)}))"
    found: list[str] = []
    result = connection.pgconn.exec_(query.encode())
    if result.status != psycopg.pq.ExecStatus.TUPLES_OK:
        raise Unreadable(f"the rows of {table.name} could not be read: {result.get_error_message()}")
    for number in range(result.ntuples):
        values = [result.get_value(number, at) for at in range(result.nfields)]
        image = tuple([None if value is None else value.decode() for value in values[1:]])
        if wanted.get(image, 0):
            wanted[image] -= 1
            found.append((values[0] or b"").decode())
    statement = f"DELETE FROM ONLY {_percent(table.printed)} WHERE ctid = ANY (%s::tid[])"  # noqa: S608
    return connection.execute(statement.encode(), [_array(found)]).rowcount


def _tids(connection: psycopg.Connection, table: Table, start: str) -> sql.Composed:
    """A subquery with every place in the pages of `table` that the log mentions since `start`."""
    file = f"/{prepare.database(connection)}/{table.filenode} fork main blk "
    return sql.SQL(
        "SELECT ('(' || page || ',' || line || ')')::tid FROM (SELECT DISTINCT at[1] AS page"
        " FROM pg_temp.parity_wal({}, pg_catalog.pg_current_wal_flush_lsn()) w,"
        " pg_catalog.regexp_matches(w.block_ref, {}, 'g') AS at WHERE w.resource_manager IN ('Heap', 'Heap2')"
        " AND w.block_ref LIKE {}) pages,"
        " pg_catalog.generate_series(1, {}) AS line"
    ).format(
        sql.Literal(start),
        sql.Literal(rf"rel \d+{file}(\d+)"),
        sql.Literal(f"%{file}%"),
        sql.Literal(PER_PAGE),
    )


def _copy(connection: psycopg.Connection, table: Table, negatives: list[Image]) -> None:
    settable = table.settable
    if not settable:
        raise Unreadable(f"{table.name} has no column that can be written")
    columns = ", ".join(table.columns[at].quoted for at in settable)
    lines = "".join([_line(image, settable) for image in negatives])
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {table.printed} ({columns}) FROM STDIN".encode()) as copy:
            copy.write(lines)
        if cursor.rowcount != len(negatives):
            raise Unreadable(f"{cursor.rowcount} of {len(negatives)} rows were put back into {table.name}")


def _line(image: Image, settable: Sequence[int]) -> str:
    parts = []
    for at in settable:
        value = image[at]
        if value is None:
            parts.append("\\N")
            continue
        plain = text(value)
        for letter, escape in _ESCAPES:
            plain = plain.replace(letter, escape)  # on 100 MB much faster than translate
        parts.append(plain)
    return "\t".join(parts) + "\n"


def _array(values: Iterable[str]) -> str:
    """An array literal."""
    return "{" + ",".join(['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]) + "}"
