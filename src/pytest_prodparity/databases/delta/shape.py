"""The tables of a database as the delta must know them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import psycopg
from psycopg.rows import dict_row

VALUE = r"((?>'[^']*(?:''[^']*)*'|B'[01]*'|[^' ]+))"
"""A value as test_decoding prints it: quoted, with quotes doubled and nothing else escaped, or bare."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column that is not dropped."""

    name: str
    quoted: str
    type: str
    """As `format_type` prints it under an empty search_path."""
    cast: str
    """As a cast reads it: `bpchar`, since `character` is one letter."""
    oid: int
    generated: bool
    virtual: bool = False
    """Generated when read: test_decoding prints it as NULL."""
    equal: str | None = None
    """In a key: the index's own equality, such as `OPERATOR(pg_catalog.=)`."""
    array: bool = False
    """In a key: there are arrays of its type."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """An ordinary table or a leaf partition."""

    oid: int
    filenode: int
    name: str
    """As people write it: with its schema unless that is `public`."""
    asked: str
    """The table that people write to: a partition's topmost one."""
    printed: str
    """As test_decoding prints it; valid in SQL."""
    columns: tuple[Column, ...]
    key: tuple[int, ...]
    """Positions in `columns` of the primary key, or of another unique key without NULLs; empty where there is none."""
    references: Mapping[str, tuple[str, str]]
    stubborn: str | None = None
    """Why its changes cannot be undone."""

    @cached_property
    def whole(self) -> re.Pattern[str]:
        """Matches a whole tuple; one group per column, None where test_decoding left it out."""
        return re.compile(self._columns(), re.DOTALL)

    @cached_property
    def update(self) -> re.Pattern[str]:
        """Matches the two tuples of an UPDATE; the groups of the old one come first."""
        return re.compile(f" old-key:{self._columns()} new-tuple:{self._columns()}", re.DOTALL)

    @cached_property
    def settable(self) -> tuple[int, ...]:
        """Positions of the columns that can be written."""
        return tuple(at for at, column in enumerate(self.columns) if not column.generated)

    def _columns(self) -> str:
        return "".join(
            f"(?: {re.escape(column.quoted)}\\[{re.escape(column.type)}\\]:{VALUE})?" for column in self.columns
        )


def tables(connection: psycopg.Connection) -> dict[str, Table]:
    """All tables that keep rows, by the name that test_decoding prints. `connection` has an empty search_path."""
    cursor = connection.cursor(row_factory=dict_row)
    columns: dict[int, dict[int, Column]] = {}
    for row in cursor.execute(_COLUMNS):
        columns.setdefault(row["attrelid"], {})[row["attnum"]] = Column(
            name=row["attname"], quoted=row["quoted"], type=row["type"], cast=row["cast"], oid=row["atttypid"],
            generated=row["attgenerated"] != "", virtual=row["attgenerated"] == "v", equal=row["equal"], array=row["arrays"],
        )  # fmt: skip
    found = {}
    for row in cursor.execute(_TABLES):
        own = columns.get(row["oid"], {})
        numbers = list(own)
        references = {
            own[number].name: (name, column)
            for number, name, column in zip(
                row["ref_from"] or (), row["ref_table"] or (), row["ref_to"] or (), strict=True
            )
            if number in own
        }
        found[row["printed"]] = Table(
            oid=row["oid"], filenode=row["filenode"] or 0, name=row["name"], asked=row["asked"], printed=row["printed"],
            columns=tuple(own.values()), key=tuple(numbers.index(number) for number in row["key"] or ()),
            references=references, stubborn=row["stubborn"],
        )  # fmt: skip
    return found


_KEY = """
SELECT DISTINCT ON (i.indrelid) i.indrelid, i.indexrelid, i.indkey, i.indclass, i.indnkeyatts
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = x.relam AND m.amname = 'btree'
WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) AND NOT a.attnotnull
  )
ORDER BY i.indrelid, i.indisprimary DESC, i.indnkeyatts, i.indexrelid
"""

_COLUMNS = f"""
WITH key AS ({_KEY})
SELECT a.attrelid, a.attnum, a.attname, pg_catalog.quote_ident(a.attname) AS quoted, a.atttypid,
  pg_catalog.format_type(a.atttypid, NULL) AS type, pg_catalog.format_type(a.atttypid, -1) AS cast, a.attgenerated::text, t.typarray <> 0 AS arrays,
  (SELECT 'OPERATOR(' || pg_catalog.quote_ident(n.nspname) || '.' || o.oprname || ')'
   FROM pg_catalog.generate_series(0, key.indnkeyatts - 1) AS at
   JOIN pg_catalog.pg_opclass c ON c.oid = key.indclass[at] AND key.indkey[at] = a.attnum
   JOIN pg_catalog.pg_amop p ON p.amopfamily = c.opcfamily AND p.amopstrategy = 3
     AND p.amoplefttype = c.opcintype AND p.amoprighttype = c.opcintype
   JOIN pg_catalog.pg_operator o ON o.oid = p.amopopr
   JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace LIMIT 1) AS equal
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class r ON r.oid = a.attrelid AND r.relkind IN ('r', 'm') AND r.relpersistence <> 't' AND r.oid >= 16384
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN key ON key.indrelid = a.attrelid
WHERE a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""  # noqa: S608

_NAME = (
    "CASE WHEN {0}.nspname = 'public' THEN '' ELSE pg_catalog.quote_ident({0}.nspname) || '.' END"
    " || pg_catalog.quote_ident({1}.relname)"
)

_TABLES = f"""
WITH key AS ({_KEY}), ref AS (
  SELECT f.conrelid, pg_catalog.array_agg(f.conkey[1]) AS ref_from, pg_catalog.array_agg({_NAME.format("fn", "fr")}) AS ref_table,
    pg_catalog.array_agg(fa.attname::text) AS ref_to
  FROM pg_catalog.pg_constraint f
  JOIN pg_catalog.pg_class fr ON fr.oid = f.confrelid
  JOIN pg_catalog.pg_namespace fn ON fn.oid = fr.relnamespace
  JOIN pg_catalog.pg_attribute fa ON fa.attrelid = f.confrelid AND fa.attnum = f.confkey[1]
  WHERE f.contype = 'f' AND pg_catalog.cardinality(f.conkey) = 1 GROUP BY f.conrelid
)
SELECT r.oid, pg_catalog.pg_relation_filenode(r.oid) AS filenode, {_NAME.format("n", "r")} AS name,
  pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(r.relname) AS printed,
  (SELECT {_NAME.format("an", "a")} FROM pg_catalog.pg_class a JOIN pg_catalog.pg_namespace an ON an.oid = a.relnamespace
   WHERE a.oid = CASE WHEN r.relispartition THEN pg_catalog.pg_partition_root(r.oid)::oid ELSE r.oid END) AS asked,
  CASE WHEN key.indexrelid IS NOT NULL THEN key.indkey[0:key.indnkeyatts - 1]::smallint[] END AS key,
  ref.ref_from, ref.ref_table, ref.ref_to,
  CASE
    WHEN r.relkind = 'm' THEN 'it is a materialised view'
    WHEN m.amname <> 'heap' THEN 'it is kept by the access method ' || m.amname
    WHEN r.relpersistence = 'u' THEN 'it is unlogged'
    WHEN r.relreplident <> 'f' THEN 'its replica identity is not FULL'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = r.oid AND t.tgenabled IN ('A', 'R'))
      THEN 'it has a trigger that fires always'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = r.oid AND w.ev_enabled IN ('A', 'R'))
      THEN 'it has a rule that applies always'
    WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = r.oid AND c.contype = 'c' AND NOT c.convalidated)
      THEN 'it has a CHECK that is NOT VALID'
  END AS stubborn
FROM pg_catalog.pg_class r
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
LEFT JOIN pg_catalog.pg_am m ON m.oid = r.relam
LEFT JOIN key ON key.indrelid = r.oid
LEFT JOIN ref ON ref.conrelid = r.oid
WHERE r.relkind IN ('r', 'm') AND r.relpersistence <> 't' AND r.oid >= 16384
ORDER BY r.oid
"""  # noqa: S608
