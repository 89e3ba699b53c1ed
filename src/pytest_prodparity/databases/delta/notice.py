"""Notices for certain what the stream of rows does not show: changes of the catalogue, large objects.

Every committed change of the schema sends invalidation messages with its commit; they stand in the write-ahead log,
which pg_walinspect reads. Few tests have any, so the exact look at the catalogue is taken only then: ANALYZE and
temporary tables send them as well, and so does every other database of the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import LiteralString

import psycopg
from psycopg import sql

from . import prepare

_HINTS: LiteralString = """
WITH log AS MATERIALIZED (SELECT pg_catalog.pg_current_wal_flush_lsn() AS stop)
SELECT stop::text FROM log UNION ALL SELECT DISTINCT resource_manager
FROM log, pg_temp.parity_wal(CASE WHEN stop > %(mark)s THEN %(mark)s::pg_lsn END, stop)
WHERE resource_manager = 'Transaction' AND record_type LIKE 'COMMIT%%' AND description LIKE '%%inval msgs%%'
  OR resource_manager = 'Heap' AND block_ref LIKE %(large)s
  OR resource_manager = 'RelMap' AND description LIKE %(map)s
"""
_TOUCHED = """
SELECT EXISTS (
  SELECT FROM pg_temp.parity_wal(%(start)s, pg_catalog.pg_current_wal_flush_lsn()) w,
    pg_catalog.regexp_matches(w.block_ref, 'rel \\d+/(\\d+)/(\\d+) ', 'g') AS at
  WHERE w.resource_manager IN ('Heap', 'Heap2') AND w.record_type NOT LIKE 'PRUNE%%' AND w.record_type <> 'INPLACE'
    AND (at[1] = '0' AND at[2]::bigint = ANY (%(shared)s) OR at[1]::bigint = %(database)s AND at[2]::bigint = ANY (%(own)s))
)
"""

_FILES = """
SELECT c.oid::bigint, c.relname, c.relisshared, pg_catalog.pg_relation_filenode(c.oid)::bigint
FROM pg_catalog.pg_class c
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.oid < 16384
"""

_PASSING = {"pg_statistic", "pg_statistic_ext_data", "pg_largeobject"}
"""Catalogues of ANALYZE; and the one whose rows are decoded."""
_SHARED = {"pg_authid", "pg_auth_members", "pg_db_role_setting", "pg_parameter_acl", "pg_tablespace"}
"""Of the whole server's catalogues, those that change what a test may do."""
_TEMPORARY = {
    # Per catalogue, the column whose object may belong to a temporary table.
    "pg_attribute": "attrelid",
    "pg_attrdef": "adrelid",
    "pg_index": "indrelid",
    "pg_constraint": "conrelid",
    "pg_trigger": "tgrelid",
    "pg_inherits": "inhrelid",
    "pg_rewrite": "ev_class",
    "pg_sequence": "seqrelid",
    "pg_class": "oid",
    "pg_policy": "polrelid",
    "pg_statistic_ext": "stxrelid",
}
_OURS = "^(twin_[0-9a-f]{16}|prodparity_loader)"
"""Roles that runs make beside the tests."""
_UNSTABLE = ("relpages", "reltuples", "relallvisible", "relallfrozen", "relfrozenxid", "relminmxid", "relhasindex")
"""Columns of pg_class that VACUUM and ANALYZE write."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """A database's catalogue at the start of a test."""

    database: int
    own: tuple[int, ...]
    shared: tuple[int, ...]
    large: str
    """A pattern of the log's references to pg_largeobject_metadata."""
    query: sql.Composed
    prints: Mapping[str, object]

    def of(self, database: int) -> Catalogue:
        """The same of another clone of the same template."""
        return replace(self, database=database, large=self.large.replace(f"/{self.database}/", f"/{database}/"))

    @classmethod
    def read(cls, connection: psycopg.Connection) -> Catalogue:
        """Some 20 ms."""
        files = connection.execute(_FILES).fetchall()
        names = {name for _, name, _, _ in files}
        own, shared = _files(files)
        number = prepare.database(connection)
        query = sql.SQL(" UNION ALL ").join(_print(connection, name) for name in sorted(names) if _counts(name, files))
        return cls(
            database=number,
            own=own,
            shared=shared,
            large=next(f"%/{number}/{file} %" for _, name, _, file in files if name == "pg_largeobject_metadata"),
            query=query,
            prints=dict(connection.execute(query).fetchall()),
        )

    @staticmethod
    def stirred(connection: psycopg.Connection, start: str) -> bool:
        """Did anything write to the database's own catalogue since the position `start`, a temporary table included?"""
        own, _ = _files(connection.execute(_FILES).fetchall())
        # A log that ends at `start` cannot be read.
        connection.execute("SELECT pg_catalog.pg_logical_emit_message(true, 'x', 'x')")
        return _touched(connection, start, prepare.database(connection), own, ())

    def changed(self, connection: psycopg.Connection, start: str, stop: str | None = None) -> list[str] | None:
        """What changed since the position `start` of the log beside rows, in words; nothing for most tests.

        None where the log is not flushed up to `stop` yet.
        """
        where = {"mark": start, "large": self.large, "map": f"database {self.database} %"}
        (flushed,), *found = connection.execute(_HINTS, where, prepare=True).fetchall()
        if stop is not None and place(flushed) < place(stop):
            return None
        hints = {hint for (hint,) in found}
        reasons = ["a large object was made or removed"] if "Heap" in hints else []
        if "RelMap" in hints:
            reasons.append("the catalogue was written anew")
        if "Transaction" in hints:
            reasons += self._exactly(connection, start)
        return reasons

    def _exactly(self, connection: psycopg.Connection, start: str) -> list[str]:
        if not _touched(connection, start, self.database, self.own, self.shared):
            return []
        now: dict[str, object] = dict(connection.execute(self.query).fetchall())
        return [_words(name) for name, print_ in sorted(now.items()) if print_ != self.prints.get(name)][:3]


def place(position: str) -> int:
    """A position of the log as a number."""
    high, _, low = position.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def _files(rows: Sequence[tuple[int, str, bool, int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of the catalogues that count: the database's own, and the server's."""
    own = tuple(number for _, name, shared, number in rows if not shared and name not in _PASSING)
    return own, tuple(number for _, name, shared, number in rows if shared and name in _SHARED)


def _touched(
    connection: psycopg.Connection, start: str, database: int, own: Sequence[int], shared: Sequence[int]
) -> bool:
    where = {"start": start, "database": database, "own": list(own), "shared": list(shared)}
    row = connection.execute(_TOUCHED, where).fetchone()
    return row is not None and bool(row[0])


def _counts(name: str, files: list[tuple[int, str, bool, int]]) -> bool:
    shared = next(is_shared for _, found, is_shared, _ in files if found == name)
    return name in _SHARED if shared else name not in _PASSING


def _print(connection: psycopg.Connection, name: str) -> sql.Composed:
    """The query for a catalogue's fingerprint: of all its rows but those of temporary objects."""
    conditions: list[sql.Composable] = [sql.SQL("true")]
    row: sql.Composable = sql.SQL("t::text")
    if name == "pg_class":
        columns = connection.execute(
            "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = 'pg_catalog.pg_class'::regclass"
            " AND attnum > 0 ORDER BY attnum"
        ).fetchall()
        kept = [sql.Identifier("t", column) for (column,) in columns if column not in _UNSTABLE]
        row = sql.SQL("ROW({})::text").format(sql.SQL(", ").join(kept))
    if name == "pg_db_role_setting":
        row = sql.SQL("ROW(t.setrole, t.setdatabase = 0, t.setconfig)::text")
    if name in _TEMPORARY:
        conditions.append(
            sql.SQL("NOT EXISTS (SELECT FROM temporary WHERE temporary.oid = {})").format(
                sql.Identifier("t", _TEMPORARY[name])
            )
        )
    if name == "pg_type":
        conditions.append(sql.SQL("t.typnamespace NOT IN (SELECT oid FROM passing)"))
    if name == "pg_proc":
        conditions.append(sql.SQL("t.pronamespace NOT IN (SELECT oid FROM passing)"))
    if name == "pg_namespace":
        conditions.append(sql.SQL("t.oid NOT IN (SELECT oid FROM passing)"))
    if name == "pg_depend":
        conditions.append(sql.SQL("t.deptype IN ('e', 'x')"))
    if name == "pg_db_role_setting":
        conditions.append(
            sql.SQL(
                "t.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database"
                " WHERE datname = pg_catalog.current_database()))"
            )
        )
    if name == "pg_authid":
        conditions.append(sql.SQL("t.rolname !~ {}").format(sql.Literal(_OURS)))
    if name == "pg_auth_members":
        conditions.append(
            sql.SQL(
                "NOT EXISTS (SELECT FROM pg_catalog.pg_authid a WHERE a.oid IN (t.roleid, t.member) AND a.rolname ~ {})"
            ).format(sql.Literal(_OURS))
        )
    if name == "pg_description":
        conditions.append(sql.SQL("NOT EXISTS (SELECT FROM temporary WHERE temporary.oid = t.objoid)"))
    return sql.SQL(
        "(WITH passing AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname ~ '^pg_(toast_)?temp_'),"
        " temporary AS (SELECT oid FROM pg_catalog.pg_class WHERE relnamespace IN (SELECT oid FROM passing))"
        " SELECT {}, pg_catalog.count(*) || ' ' || coalesce(pg_catalog.sum(pg_catalog.hashtextextended({}, 0)), 0)"
        " FROM {} t WHERE {})"
    ).format(sql.Literal(name), row, sql.Identifier("pg_catalog", name), sql.SQL(" AND ").join(conditions))


def _words(catalogue: str) -> str:
    if catalogue in ("pg_authid", "pg_auth_members"):
        return "roles were changed"
    if catalogue in ("pg_db_role_setting", "pg_parameter_acl"):
        return "settings of roles or databases were changed"
    return f"the schema was changed ({catalogue})"
