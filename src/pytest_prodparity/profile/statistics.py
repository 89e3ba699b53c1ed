"""Column statistics as an ordinary role may read them, each value in PostgreSQL's own text form."""

# ruff: noqa: S608  # what is put into queries is written here
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .connection import Reading
from .model import ColumnStatistics, ExtendedStatistics

Key = tuple[str, str, str, bool]
"""Schema, relation, column, inherited."""

_VALUES = ("most_common_vals", "histogram_bounds", "most_common_elems")
_PLAIN = ("null_frac", "avg_width", "n_distinct", "most_common_freqs", "correlation", "most_common_elem_freqs", "elem_count_histogram")  # fmt: skip
_RANGES = ("range_length_histogram", "range_empty_frac", "range_bounds_histogram")


def _columns(*, ranges: bool) -> str:
    """The select list. `anyarray` goes through its text form, which quotes every element that needs it, to text[]."""
    parts = [f"s.{name}" for name in _PLAIN] + [f"s.{name}::text::text[] AS {name}" for name in _VALUES]
    if ranges:
        parts += ["s.range_empty_frac"]
        parts += [f"s.{name}::text::text[] AS {name}" for name in _RANGES if name != "range_empty_frac"]
    return ", ".join(parts)


def statistics_of(row: Mapping[str, Any]) -> ColumnStatistics:
    """From a row of `pg_stats` or of the view for expressions of extended statistics."""
    found: dict[str, Any] = {name: row.get(name) for name in (*_PLAIN, *_VALUES, *_RANGES)}
    return ColumnStatistics(**found)


def read_statistics(reading: Reading) -> dict[Key, ColumnStatistics]:
    """Every row of `pg_stats` that the role may see, before redaction."""
    rows = reading.rows(f"""
        SELECT s.schemaname, s.tablename, s.attname, s.inherited, {_columns(ranges=reading.has(17))}
        FROM pg_catalog.pg_stats s
        WHERE s.schemaname !~ '^pg_' AND s.schemaname <> 'information_schema' AND s.null_frac IS NOT NULL
    """)
    return {(row["schemaname"], row["tablename"], row["attname"], row["inherited"]): statistics_of(row) for row in rows}


def read_extended(reading: Reading) -> tuple[list[ExtendedStatistics], dict[tuple[str, str], list[tuple[int, int]]]]:
    """CREATE STATISTICS objects with their data as far as the role may read it, before redaction; and by schema and name
    the (table's oid, attribute number) of each column that the object is about.

    Attribute numbers in `ndistinct` and `dependencies` are counted anew over the columns that were not dropped, as a
    restored table numbers them.
    """
    objects = reading.rows("""
        SELECT s.oid, n.nspname AS schema, s.stxname AS name, tn.nspname || '.' || t.relname AS table, s.stxrelid AS relid,
            s.stxkind::text[] AS kinds, s.stxkeys::int2[] AS keys
        FROM pg_catalog.pg_statistic_ext s
        JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
        JOIN pg_catalog.pg_class t ON t.oid = s.stxrelid
        JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
        ORDER BY n.nspname COLLATE "C", s.stxname COLLATE "C"
    """)
    if not objects:
        return [], {}
    inherited = "inherited" if reading.has(15) else "false AS inherited"
    seen: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in reading.rows(f"""
        SELECT statistics_schemaname AS schema, statistics_name AS name, {inherited}, n_distinct::text AS ndistinct,
            dependencies::text AS dependencies FROM pg_catalog.pg_stats_ext
    """):
        seen.setdefault((row["schema"], row["name"]), []).append(dict(row))
    lists = _common_values(reading)
    expressions = _expressions(reading)
    numbers = _numbers(reading)
    result = []
    for row in objects:
        name = (row["schema"], row["name"])
        if name not in seen:
            reading.notes.append(
                f"extended statistics {'.'.join(name)}: their data was not readable (never analysed, or only the owner "
                f"of {row['table']} may read it)."
            )
        for data in seen.get(name, [{}]):
            inherited_data = bool(data.get("inherited", False))
            result.append(
                ExtendedStatistics(
                    schema=row["schema"],
                    name=row["name"],
                    table=row["table"],
                    kinds=[_KINDS.get(kind, kind) for kind in row["kinds"]],
                    inherited=inherited_data,
                    ndistinct=_renumbered(data.get("ndistinct"), numbers[row["relid"]]),
                    dependencies=_renumbered(data.get("dependencies"), numbers[row["relid"]]),
                    mcv=lists.get((row["oid"], inherited_data)),
                    expressions=expressions.get((*name, inherited_data), {}),
                )
            )
    about = {(row["schema"], row["name"]): [(row["relid"], key) for key in row["keys"]] for row in objects}
    return result, about


_KINDS = {"d": "ndistinct", "f": "dependencies", "m": "mcv", "e": "expressions"}


def _common_values(reading: Reading) -> dict[tuple[int, bool], str]:
    """The lists of common combinations in their stored form; PostgreSQL shows that to a superuser only."""
    inherited = "stxdinherit" if reading.has(15) else "false"
    rows = reading.attempt(
        f"SELECT stxoid, {inherited} AS inherited, pg_catalog.encode(stxdmcv::bytea, 'hex') AS mcv "
        "FROM pg_catalog.pg_statistic_ext_data WHERE stxdmcv IS NOT NULL"
    )
    return {} if isinstance(rows, str) else {(row["stxoid"], row["inherited"]): row["mcv"] for row in rows}


def _expressions(reading: Reading) -> dict[tuple[str, str, bool], dict[str, ColumnStatistics]]:
    if not reading.has(14):
        return {}
    inherited = "s.inherited" if reading.has(15) else "false AS inherited"
    result: dict[tuple[str, str, bool], dict[str, ColumnStatistics]] = {}
    for row in reading.rows(f"""
        SELECT s.statistics_schemaname, s.statistics_name, {inherited}, s.expr, {_columns(ranges=False)}
        FROM pg_catalog.pg_stats_ext_exprs s WHERE s.null_frac IS NOT NULL
    """):
        name = (row["statistics_schemaname"], row["statistics_name"], row["inherited"])
        result.setdefault(name, {})[row["expr"]] = statistics_of(row)
    return result


def _numbers(reading: Reading) -> dict[int, dict[int, int]]:
    """By table: attribute number -> its number in a table restored without the dropped columns."""
    result: dict[int, dict[int, int]] = {}
    for row in reading.rows("""
        SELECT attrelid, attnum FROM pg_catalog.pg_attribute
        WHERE attrelid IN (SELECT stxrelid FROM pg_catalog.pg_statistic_ext) AND attnum > 0 AND NOT attisdropped
        ORDER BY attrelid, attnum
    """):
        numbers = result.setdefault(row["attrelid"], {})
        numbers[row["attnum"]] = len(numbers) + 1
    return result


def _renumbered(text: str | None, numbers: Mapping[int, int]) -> str | None:
    """`{"3, 4": 11}` or `{"3 => 4": 1.0}` with other attribute numbers inside the quotes; expressions are negative."""
    if text is None:
        return None
    quoted = text.split('"')
    for at in range(1, len(quoted), 2):
        words = (word.rstrip(",") for word in quoted[at].split())
        comma = [word.endswith(",") for word in quoted[at].split()]
        new = [str(numbers.get(int(word), int(word))) if word.lstrip("-").isdigit() else word for word in words]
        quoted[at] = " ".join(word + ("," if mark else "") for word, mark in zip(new, comma, strict=True))
    return '"'.join(quoted)
