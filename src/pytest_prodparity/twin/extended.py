"""The data of CREATE STATISTICS objects, which PostgreSQL 18 cannot restore by a function of its own.

The server reads them from `pg_statistic_ext_data` as bytes, so bytes are written there: `bytea` is cast to the three
types WITHOUT FUNCTION. Layouts are those of `statistics/mvdistinct.c`, `dependencies.c` and `mcv.c`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from ..profile.model import ExtendedStatistics
from . import statistics

_DISTINCT, _DEPENDENCIES = 0xA352BFA4, 0xB4549A2C
_FIRST_USER_OID = 16384
SCRATCH = "prodparity_scratch"
_TYPES = ("pg_ndistinct", "pg_dependencies", "pg_mcv_list")


def restore(connection: psycopg.Connection[Any], objects: list[ExtendedStatistics]) -> list[str]:
    """Insert each object's data; returns what could not be, in sentences. Runs inside the caller's transaction."""
    if not objects:
        return []
    for name in _TYPES:
        cast = "CREATE CAST (bytea AS {}) WITHOUT FUNCTION"
        connection.execute(sql.SQL(cast).format(sql.Identifier("pg_catalog", name)))
    notes = []
    for found in objects:
        try:
            with connection.transaction():
                if not _insert(connection, found):
                    notes.append(f"statistics {found.schema}.{found.name} are not in schema.sql")
        except (psycopg.Error, ValueError, struct.error, KeyError) as cause:
            notes.append(f"extended statistics {found.schema}.{found.name} were not taken: {_first_line(cause)}")
    for name in _TYPES:
        connection.execute(sql.SQL("DROP CAST (bytea AS {})").format(sql.Identifier("pg_catalog", name)))
    return notes


def _insert(connection: psycopg.Connection[Any], found: ExtendedStatistics) -> bool:
    row = connection.execute(
        "SELECT s.oid, s.stxkeys::int2[], s.stxrelid FROM pg_statistic_ext AS s"
        " JOIN pg_namespace AS n ON n.oid = s.stxnamespace WHERE n.nspname = %s AND s.stxname = %s",
        (found.schema, found.name),
    ).fetchone()
    if row is None:
        return False
    oid, keys, relation = row
    connection.execute(
        "INSERT INTO pg_statistic_ext_data (stxoid, stxdinherit, stxdndistinct, stxddependencies, stxdmcv)"
        " VALUES (%s, %s, %s::bytea::pg_ndistinct, %s::bytea::pg_dependencies, %s::bytea::pg_mcv_list)",
        (
            oid,
            found.inherited,
            distinct(found.ndistinct, keys) if found.ndistinct else None,
            dependencies(found.dependencies, keys) if found.dependencies else None,
            _common_values(found.mcv) if found.mcv else None,
        ),
    )
    if found.expressions:
        _expressions(connection, oid, relation, found)
    return True


def distinct(text: str, keys: list[int]) -> bytes:
    """`{"1, 2": 340}` as the server stores it; attribute numbers are moved to those of this database."""
    items = re.findall(r'"([^"]*)": (-?[\d.]+)', text)
    moved = _moved([part for names, _ in items for part in _numbers(names)], keys)
    data = struct.pack("<III", _DISTINCT, 1, len(items))
    for names, count in items:
        numbers = [moved[number] for number in _numbers(names)]
        data += struct.pack(f"<di{len(numbers)}h", float(count), len(numbers), *numbers)
    return data


def dependencies(text: str, keys: list[int]) -> bytes:
    """`{"1 => 2": 0.9, "1, 2 => 3": 1.0}` as the server stores it."""
    items = re.findall(r'"([^"]*) => ([^"]*)": (-?[\d.]+)', text)
    moved = _moved([part for names, last, _ in items for part in _numbers(f"{names},{last}")], keys)
    data = struct.pack("<III", _DEPENDENCIES, 1, len(items))
    for names, last, degree in items:
        numbers = [moved[number] for number in _numbers(f"{names},{last}")]
        data += struct.pack(f"<dh{len(numbers)}h", float(degree), len(numbers), *numbers)
    return data


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _moved(seen: list[int], keys: list[int]) -> Mapping[int, int]:
    """Production's attribute numbers to ours: dropped columns shift them, their order stays. Expressions are negative."""
    columns = sorted({number for number in seen if number > 0})
    if len(columns) != len(keys):
        raise ValueError(f"it names {len(columns)} columns, the schema {len(keys)}")
    return {number: number for number in seen if number < 0} | dict(zip(columns, sorted(keys), strict=True))


def _common_values(hexadecimal: str) -> bytes:
    data = bytes.fromhex(hexadecimal.removeprefix("\\x"))
    (dimensions,) = struct.unpack_from("<h", data, 12)
    types = struct.unpack_from(f"<{dimensions}I", data, 14)
    if any(oid >= _FIRST_USER_OID for oid in types):
        raise ValueError("its common values have a type of the schema's own")
    return data


def _expressions(connection: psycopg.Connection[Any], oid: int, relation: int, found: ExtendedStatistics) -> None:
    """Statistics of expressions are rows of `pg_statistic` inside an array: made on a scratch table, then moved."""
    row = connection.execute(
        "SELECT pg_get_statisticsobjdef_expressions(%s), %s::regclass::text", (oid, relation)
    ).fetchone()
    assert row is not None
    expressions, table = row
    columns = ", ".join(f"{text} AS e{at}" for at, text in enumerate(expressions))
    connection.execute(f"CREATE SCHEMA {SCRATCH}".encode())
    # Both texts are the server's own, deparsed and quoted.
    connection.execute(f"CREATE TABLE {SCRATCH}.expressions AS SELECT {columns} FROM {table} LIMIT 0".encode())  # noqa: S608
    by_name = {f"e{at}": found.expressions[text] for at, text in enumerate(expressions) if text in found.expressions}
    statistics.restore_columns(connection, SCRATCH, "expressions", by_name)
    connection.execute(
        "UPDATE pg_statistic_ext_data SET stxdexpr = ("
        " SELECT array_agg(s ORDER BY number) FROM generate_series(1, %s) AS number"
        " LEFT JOIN pg_statistic AS s ON s.staattnum = number AND s.starelid = %s::regclass) WHERE stxoid = %s",
        (len(expressions), f"{SCRATCH}.expressions", oid),
    )
    connection.execute(f"DROP SCHEMA {SCRATCH} CASCADE".encode())


def _first_line(cause: BaseException) -> str:
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__
