"""What a made table looks like to SQL: its columns, CHECKs, indexes and references, by the server's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

_REFERENCE = re.compile(
    r"FOREIGN\s+KEY\s*\((?P<own>(?:\"(?:[^\"]|\"\")+\"|[^)\"])*)\)\s*REFERENCES\s+(?P<table>(?:\"(?:[^\"]|\"\")+\"|[^(\"])+)"
    r"\((?P<theirs>(?:\"(?:[^\"]|\"\")+\"|[^)\"])*)\)",
    re.IGNORECASE,
)
_COLUMNS = """
SELECT attname::text, attnum, attgenerated <> '', attnotnull OR typnotnull, coalesce(nullif(b.typcategory, 'U'), 'U')::text, format_type(atttypid, atttypmod)
FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_type AS b ON b.oid = atttypid
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_CHECKS = """
SELECT conname, pg_catalog.pg_get_expr(conbin, conrelid), conkey::int[] FROM pg_catalog.pg_constraint
WHERE conrelid = %s::regclass AND contype = 'c' AND pg_catalog.pg_get_constraintdef(oid) NOT LIKE '%% NOT ENFORCED' ORDER BY conname
"""
_BASES = """
SELECT a.attnum, d.refobjsubid FROM pg_catalog.pg_attrdef AS f
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.adrelid AND a.attnum = f.adnum AND a.attgenerated <> ''
JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = f.adrelid AND d.refobjsubid > 0
    AND ((d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid) OR (d.classid = 'pg_class'::regclass AND d.objid = f.adrelid AND d.objsubid = f.adnum))
WHERE f.adrelid = %s::regclass AND d.refobjsubid <> a.attnum
"""
_USED = """
SELECT DISTINCT refobjsubid FROM pg_catalog.pg_depend WHERE refclassid = 'pg_class'::regclass AND refobjid = %(table)s::regclass
    AND refobjsubid > 0 AND ((classid = 'pg_class'::regclass AND objid = %(index)s)
    OR (classid = 'pg_constraint'::regclass AND objid IN (SELECT oid FROM pg_catalog.pg_constraint WHERE conindid = %(index)s AND conrelid = %(table)s::regclass AND contype <> 'f')))
"""


_LINEAGE = """
SELECT relkind = 'p', ARRAY(SELECT relid::regclass::text FROM pg_catalog.pg_partition_ancestors(oid) ORDER BY 1)
FROM pg_catalog.pg_class WHERE oid = %s::regclass
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """A foreign key, as its definition has it."""

    own: tuple[str, ...]
    parent: str
    """As SQL writes it."""
    theirs: tuple[str, ...]
    full: bool = False
    """MATCH FULL: all NULL, or none."""

    def same(self, child: sql.Composable, parent: str = "p") -> sql.Composable:
        """`child`'s columns are those of `parent`."""
        return sql.SQL(" AND ").join(
            sql.SQL("{}.{} = {}.{}").format(sql.SQL(parent), sql.Identifier(a), child, sql.Identifier(b))
            for a, b in zip(self.theirs, self.own, strict=True)
        )

    def orphan(self) -> sql.Composable:
        """`c` refers to a row that is not there."""
        given = sql.SQL(" AND ").join(sql.SQL("c.{} IS NOT NULL").format(sql.Identifier(name)) for name in self.own)
        return sql.SQL("{} AND NOT EXISTS (SELECT FROM {} AS p WHERE {})").format(
            given, sql.SQL(self.parent), self.same(sql.SQL("c"))
        )

    def orphans(self, rows: sql.Composable) -> sql.Composable:
        """They, of these rows, as a FROM item."""
        return sql.SQL("(SELECT * FROM {} AS c WHERE {}) AS c").format(rows, self.orphan())


def reference(statement: str) -> Reference | None:
    """Of ALTER TABLE … FOREIGN KEY as PostgreSQL prints it."""
    found = _REFERENCE.search(statement)
    if found is None:
        return None
    return Reference(
        own=names(found["own"]), parent=found["table"].strip(), theirs=names(found["theirs"]),
        full="MATCH FULL" in statement,
    )  # fmt: skip


def names(listed: str) -> tuple[str, ...]:
    """Of a list of columns as SQL writes them."""
    return tuple(
        one[1:-1].replace('""', '"') if one.startswith('"') else one.strip()
        for one in re.findall(r'\s*("(?:[^"]|"")+"|[^,"\s]+)', listed)
    )


class Layout:
    """One table's."""

    def __init__(self, connection: psycopg.Connection[Any], table: str) -> None:
        self._connection, self._table = connection, table
        row = connection.execute(_LINEAGE, [table]).fetchone()
        self.rows: sql.Composable = sql.SQL("{}" if row and row[0] else "ONLY {}").format(sql.SQL(table))
        """The table as a FROM item: a partitioned one's rows are in its partitions."""
        self.lineage = frozenset((table, *(row[1] if row else ())))
        """The table, and those that it is a partition of, as SQL writes them: their keys are its keys too."""
        self._numbers: dict[int, str] = {}
        self.columns: list[str] = []
        """Those that rows are made of."""
        self.generated: set[str] = set()
        self.nullable: set[str] = set()
        self.kinds: dict[str, str] = {}
        """`pg_type.typcategory`."""
        self.types: dict[str, str] = {}
        for name, number, generated, filled, kind, declared in connection.execute(_COLUMNS, [table]).fetchall():
            self._numbers[number] = name
            self.kinds[name], self.types[name] = kind, declared
            if generated:
                self.generated.add(name)
            else:
                self.columns.append(name)
            if not filled:
                self.nullable.add(name)
        self._bases: dict[str, set[str]] = {}
        for number, base in connection.execute(_BASES, [table]).fetchall():
            self._bases.setdefault(self._numbers[number], set()).add(self._numbers[base])
        self.checks: dict[str, str] = {}
        self.tied: list[set[str]] = []
        """Columns that one CHECK names together."""
        for name, text, numbers in connection.execute(_CHECKS, [table]).fetchall():
            self.checks[name] = text
            self.tied.append(self._plain({self._numbers[one] for one in numbers or () if one in self._numbers}))
        row = connection.execute("SELECT pg_catalog.pg_get_partition_constraintdef(%s::regclass)", [table]).fetchone()
        if row and row[0]:
            self.checks[" partition"] = row[0]
        self.single = self._single()

    def _plain(self, names: set[str]) -> set[str]:
        """Generated columns are what they are made from."""
        return {base for name in names for base in self._bases.get(name, {name} - self.generated)}

    def _single(self) -> set[str]:
        """Columns that are unique by themselves."""
        rows = self._connection.execute(
            "SELECT indkey[0] FROM pg_catalog.pg_index WHERE indrelid = %s::regclass AND indisunique AND indnkeyatts = 1"
            " AND indpred IS NULL AND indkey[0] > 0",
            [self._table],
        ).fetchall()
        return {self._numbers[number] for (number,) in rows}

    def indexes(self) -> set[int]:
        """The oids of its indexes."""
        query = "SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid = %s::regclass"
        return {oid for (oid,) in self._connection.execute(query, [self._table]).fetchall()}

    def without_children(self) -> list[sql.Composable]:
        """Take off the foreign keys that refer to it; the statements that make them again."""
        rows = self._connection.execute(
            "SELECT conrelid::regclass::text, conname, pg_catalog.pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint"
            " WHERE contype = 'f' AND conparentid = 0 AND confrelid IN (SELECT %s::regclass"
            " UNION ALL SELECT relid FROM pg_catalog.pg_partition_ancestors(%s::regclass)"
            " UNION ALL SELECT relid FROM pg_catalog.pg_partition_tree(%s::regclass)) ORDER BY oid",
            [self._table, self._table, self._table],
        ).fetchall()
        again: list[sql.Composable] = []
        for table, name, definition in rows:
            target, constraint = sql.SQL(table), sql.Identifier(name)  # regclass has quoted it
            self._connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(target, constraint))
            again.append(sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(target, constraint, sql.SQL(definition)))
        return again

    def constraint_of(self, index: int) -> str:
        """The name of the constraint that the index is for."""
        query = "SELECT conname FROM pg_catalog.pg_constraint WHERE conindid = %s AND contype IN ('p', 'u', 'x')"
        row = self._connection.execute(query, [index]).fetchone()
        return str(row[0]) if row else ""

    def within(self, index: int) -> set[str]:
        """Columns of the index's predicate."""
        text = self._predicate(index)
        if text is None:
            return set()
        # a view knows what its expression depends on
        self._connection.execute(
            sql.SQL("CREATE TEMPORARY VIEW condition AS SELECT ({}) AS holds FROM {}").format(
                sql.SQL(text), sql.SQL(self._table)
            )
        )
        rows = self._connection.execute(
            "SELECT DISTINCT d.refobjsubid FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_depend AS d ON d.objid = r.oid"
            " WHERE r.ev_class = 'pg_temp.condition'::regclass AND d.refobjid = %s::regclass AND d.refobjsubid > 0",
            [self._table],
        ).fetchall()
        self._connection.execute("DROP VIEW pg_temp.condition")
        return self._plain({self._numbers[number] for (number,) in rows})

    def keys(self, index: int) -> set[str]:
        """Columns that the index's keys and their expressions are made of."""
        used = self._connection.execute(_USED, {"table": self._table, "index": index}).fetchall()
        known = self._plain({self._numbers[number] for (number,) in used})
        rows = self._connection.execute(
            "SELECT unnest(indkey::int[]) FROM pg_catalog.pg_index WHERE indexrelid = %s", [index]
        ).fetchall()
        bare = self._plain({self._numbers[number] for (number,) in rows if number})
        expressions = any(not number for (number,) in rows)
        return bare | (known - self.within(index)) | (known if expressions and not bare else set())

    def predicate(self, index: int) -> sql.Composable:
        """As SQL writes it; `true` where there is none."""
        return sql.SQL(self._predicate(index) or "true")

    def _predicate(self, index: int) -> str | None:
        query = "SELECT pg_catalog.pg_get_expr(indpred, indrelid) FROM pg_catalog.pg_index WHERE indexrelid = %s"
        row = self._connection.execute(query, [index]).fetchone()
        return row[0] if row else None
