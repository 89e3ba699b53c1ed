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
FEW = 200
SMALL = 65_536
"""Rows, and letters in them, up to which the statements are sent at once, with the values in them."""


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


def script(net: Net) -> list[tuple[str, int]] | None:
    """What `put_back` does, as statements to be sent at once, each with the rows it must tell; None for what is large,
    and for tables without keys."""
    statements = []
    letters = 0
    for rows in net.rows.values():
        table, positives, negatives = rows.table, rows.positives(), rows.negatives()
        if (positives and not table.key) or (negatives and not table.settable):
            return None
        letters += sum(len(value or "") for image in (*positives, *negatives) for value in image)
        if letters > SMALL or len(positives) + len(negatives) > FEW:
            return None
        if positives:
            columns = [table.columns[at] for at in table.key]
            arrays = [_quoted(_array(text(image[at] or "") for image in positives)) for at in table.key]
            statements.append((_deletion(table, columns, arrays), len(positives)))
        if negatives:
            statements.append((_insertion(table, negatives), len(negatives)))
    return statements


def _insertion(table: Table, negatives: list[Image]) -> str:
    """Untyped literals, which the columns' own types read, as COPY does."""
    columns = ", ".join(table.columns[at].quoted for at in table.settable)
    lines = ", ".join(
        "(" + ", ".join("NULL" if (value := image[at]) is None else _literal(value) for at in table.settable) + ")"
        for image in negatives
    )
    return f"INSERT INTO {table.printed} ({columns}) OVERRIDING SYSTEM VALUE VALUES {lines}"  # noqa: S608


def _literal(value: str) -> str:
    """Of a printed value; one in quotes is a literal as it is."""
    return value if value.startswith("'") else _quoted(text(value))


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _delete_by_key(connection: psycopg.Connection, rows: Rows, positives: list[Image], _start: str | None) -> int:
    table = rows.table
    columns = [table.columns[at] for at in table.key]
    arrays = [_array(text(image[at] or "") for image in positives) for at in table.key]
    statement = _deletion(table, columns, ["%s"] * len(arrays), percent="%%")
    return connection.execute(statement.encode(), arrays, prepare=True).rowcount


def _deletion(table: Table, columns: list[Column], arrays: list[str], *, percent: str = "%") -> str:
    """By one array for each column of the key; with the index's own operators, whatever the search_path."""

    def named(name: str | None) -> str:
        return (name or "").replace("%", percent)

    if len(columns) == 1 and columns[0].array:
        (column,) = columns
        condition = f"t.{named(column.quoted)} {named(column.equal)} ANY ({arrays[0]}::{named(column.cast)}[])"
        return f"DELETE FROM ONLY {named(table.printed)} t WHERE {condition}"  # noqa: S608  # quoted by the server
    match = " AND ".join(
        f"t.{named(column.quoted)} {named(column.equal)} k.k{at}::{named(column.cast)}"
        for at, column in enumerate(columns)
    )
    keys = ", ".join(f"k{at}" for at in range(len(columns)))
    source = ", ".join(f"{array}::text[]" for array in arrays)
    return f"DELETE FROM ONLY {named(table.printed)} t USING unnest({source}) AS k({keys}) WHERE {match}"  # noqa: S608


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
    name = table.printed.replace("%", "%%")
    statement = f"DELETE FROM ONLY {name} WHERE ctid = ANY (%s::tid[])"  # noqa: S608
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
