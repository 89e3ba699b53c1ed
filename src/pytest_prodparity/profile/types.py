"""What kind of value a type holds: domains, arrays and ranges resolved to what they are made of."""

# ruff: noqa: S608  # what is put into queries is written here
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .connection import Reading

NUMBERS = {"int2", "int4", "int8", "float4", "float8", "numeric", "money", "oid"}
TIMES = {"date", "time", "timetz", "timestamp", "timestamptz", "interval"}
TEXTS = {"text", "varchar", "bpchar", "name", "citext", "char", "uuid", "ltree"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueType:
    """A type as redaction sees it."""

    name: str
    """`pg_type.typname` of the base type: of the element for arrays, of the subtype for ranges."""
    enum: bool = False
    form: str = "scalar"
    """`scalar`, `array` or `range`."""
    builtin: bool = True
    """Has it the same oid on every server?"""

    @property
    def number(self) -> bool:
        """Numbers."""
        return self.builtin and self.name in NUMBERS

    @property
    def harmless(self) -> bool:
        """Numbers, times, booleans and enums: what they hold is not text."""
        return self.enum or (self.builtin and self.name in NUMBERS | TIMES | {"bool"})

    @property
    def always_harmless(self) -> bool:
        """Booleans and enums: their values are known from the schema, whatever the column is called."""
        return self.enum or (self.builtin and self.name == "bool")

    @property
    def text(self) -> bool:
        """One plain text or identifier, of which a common value may be shown."""
        return self.form == "scalar" and self.name in TEXTS


UNKNOWN = ValueType(name="unknown")


def read_types(reading: Reading) -> dict[int, ValueType]:
    """By `pg_type.oid`."""
    multi = "r.rngmultitypid" if reading.has(14) else "0::oid"
    rows = {
        row["oid"]: row
        for row in reading.rows(f"""
            SELECT t.oid, t.typname, t.typtype::text AS typtype, t.typbasetype, t.typelem,
                (t.typcategory = 'A' AND t.typelem <> 0) AS is_array, r.rngsubtype
            FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_range r ON t.oid IN (r.rngtypid, {multi})
        """)
    }
    return {oid: _resolve(oid, rows) for oid in rows}


def _resolve(oid: int, rows: Mapping[int, Mapping[str, Any]]) -> ValueType:
    form = "scalar"
    while True:
        row = rows.get(oid)
        if row is None:
            return UNKNOWN
        if row["typtype"] == "d":
            oid = row["typbasetype"]
        elif row["typtype"] in "rm" and row["rngsubtype"]:
            oid, form = row["rngsubtype"], "range"
        elif row["is_array"]:
            oid, form = row["typelem"], "array" if form == "scalar" else form
        else:
            return ValueType(name=row["typname"], enum=row["typtype"] == "e", form=form, builtin=oid < 16384)
