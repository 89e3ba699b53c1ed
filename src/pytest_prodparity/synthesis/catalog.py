"""The tables as the new database has them: what each column's type is made of, and how the server reads values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from .values import Array, Form

_QUERY = """
WITH RECURSIVE base AS (
    SELECT t.oid, t.oid AS base, t.typbasetype, t.typtypmod, t.typnotnull FROM pg_catalog.pg_type AS t
    UNION ALL
    SELECT b.oid, t.oid, t.typbasetype, CASE WHEN b.typtypmod >= 0 THEN b.typtypmod ELSE t.typtypmod END,
        b.typnotnull OR t.typnotnull
    FROM base AS b JOIN pg_catalog.pg_type AS t ON t.oid = b.typbasetype WHERE b.typbasetype <> 0
)
SELECT n.nspname, c.relname, c.relkind::text, c.oid, a.attname, a.attnum::int,
    pg_catalog.format_type(a.atttypid, a.atttypmod), t.typname, t.typtype::text, t.typcategory::text, t.oid,
    CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE b.typtypmod END, a.attnotnull OR b.typnotnull,
    a.attgenerated <> '', a.attidentity <> '', t.oid < 16384, a.atttypid <> t.oid,
    coalesce((SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid), '{}'),
    t.typreceive <> 0
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN base AS b ON b.oid = a.atttypid AND b.typbasetype = 0
LEFT JOIN pg_catalog.pg_type AS t ON t.oid = b.base
WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname, a.attnum
"""

_FORMS: dict[str, Form] = {
    "bool": "bool", "int2": "int2", "int4": "int4", "int8": "int8", "float4": "float4", "float8": "float8",
    "date": "date", "time": "time", "timestamp": "timestamp", "timestamptz": "timestamp", "numeric": "numeric",
    "uuid": "uuid", "text": "text", "varchar": "text", "bpchar": "text", "name": "text",
}  # fmt: skip
_DECODE = {
    "bool": "u1", "int2": ">i2", "int4": ">i4", "int8": ">i8", "float4": ">f4", "float8": ">f8", "date": ">i4",
    "time": ">i8", "timestamp": ">i8",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """A column. Domains are resolved to their base type; `declared` is the type as written."""

    name: str
    declared: str
    base: str
    """`pg_type.typname` of the base type."""
    kind: str
    """`pg_type.typtype` of the base type: b, c, e, m, r."""
    category: str
    oid: int
    typmod: int
    not_null: bool
    generated: bool
    identity: bool
    builtin: bool
    domain: bool
    labels: tuple[str, ...] = ()
    """Of an enum."""
    receives: bool = True
    """Has the type a binary form at all?"""

    @property
    def form(self) -> Form:
        """How a column of this type is made."""
        return _FORMS.get(self.base, "pool") if self.builtin else "pool"

    @property
    def limit(self) -> int | None:
        """Characters that a text may have."""
        if self.base == "name":
            return 63
        return self.typmod - 4 if self.base in ("varchar", "bpchar") and self.typmod >= 4 else None

    @property
    def scale(self) -> int | None:
        """Digits after the point of a numeric, where it is declared; negative scales round to tens and hundreds."""
        if self.base != "numeric" or self.typmod < 4:
            return None
        scale = (self.typmod - 4) & 0x7FF
        return scale - 2048 if scale >= 1024 else scale

    @property
    def precision(self) -> int | None:
        """Digits of a numeric, where they are declared."""
        return ((self.typmod - 4) >> 16) & 0xFFFF if self.base == "numeric" and self.typmod >= 4 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """A table with its columns in order."""

    schema: str
    name: str
    kind: str
    """`r` or `p`."""
    oid: int
    attributes: list[Attribute] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        """`schema.table`, unquoted."""
        return f"{self.schema}.{self.name}"

    def attribute(self, name: str) -> Attribute:
        """By name."""
        return next(one for one in self.attributes if one.name == name)


def relations(connection: psycopg.Connection[Any]) -> dict[str, Relation]:
    """All tables by full name."""
    found: dict[str, Relation] = {}
    for row in connection.execute(_QUERY).fetchall():
        schema, name, kind, oid = row[:4]
        relation = found.setdefault(f"{schema}.{name}", Relation(schema=schema, name=name, kind=kind, oid=oid))
        if row[4] is None:
            continue  # a table without columns
        relation.attributes.append(
            Attribute(
                name=row[4], declared=row[6], base=row[7], kind=row[8], category=row[9], oid=row[10], typmod=row[11],
                not_null=row[12], generated=row[13], identity=row[14], builtin=row[15], domain=row[16],
                labels=tuple(row[17]), receives=row[18],
            )
        )  # fmt: skip
    return found


class Reader:
    """Text forms -> binary forms, by the server's own functions, so that no type needs an encoder of ours."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def binary(self, attribute: Attribute, literals: Sequence[str]) -> list[bytes | None]:
        """The binary form of each; None for one that the server does not take as the column's type.

        Texts are not asked for: their binary form is their bytes.
        """
        if attribute.form == "text" and not attribute.domain:
            return [entry.encode() for entry in literals]
        try:
            return self._ask(attribute, literals)
        except psycopg.Error:
            if len(literals) <= 1:
                return [None for _ in literals]
            half = len(literals) // 2
            return [*self.binary(attribute, literals[:half]), *self.binary(attribute, literals[half:])]

    def numbers(self, attribute: Attribute, literals: Sequence[str]) -> Array:
        """The native values, as numpy holds them; those that the server does not take are left out."""
        raw = b"".join(entry for entry in self.binary(attribute, literals) if entry is not None)
        found = np.frombuffer(raw, _DECODE[attribute.form])
        return found.astype("f8" if attribute.form.startswith("float") else "i8")

    def _ask(self, attribute: Attribute, literals: Sequence[str]) -> list[bytes | None]:
        # The binary protocol sends what the type's send function makes.
        query = sql.SQL("SELECT v::{} FROM unnest(%s::text[]) WITH ORDINALITY AS u (v, at) ORDER BY at").format(
            sql.SQL(attribute.declared)  # format_type has quoted it
        )
        with self._connection.transaction():
            self._connection.execute("SET LOCAL search_path = ''")
            with self._connection.cursor(binary=True) as cursor:
                cursor.execute(query, [list(literals)])
                result = cursor.pgresult
                assert result is not None
                return [result.get_value(row, 0) for row in range(result.ntuples)]


def needed(attributes: Iterable[Attribute]) -> list[Attribute]:
    """The columns that COPY fills."""
    return [one for one in attributes if not one.generated]
