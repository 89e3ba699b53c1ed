"""Production's statistics, restored by `pg_restore_relation_stats` and `pg_restore_attribute_stats` (PostgreSQL 18).

All of them in one transaction and few statements: the figures travel as JSON, so that no value needs quoting.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg

from ..profile.model import ColumnStatistics, Profile, Table

_RELATIONS = """
SELECT pg_catalog.pg_restore_relation_stats(
    'version', %s::int, 'schemaname', s.schema, 'relname', s.name, 'relpages', s.pages, 'reltuples', s.tuples,
    'relallvisible', s.visible, 'relallfrozen', s.frozen)
FROM json_to_recordset(%s::json)
    AS s(schema text, name text, pages int, tuples real, visible int, frozen int)
WHERE pg_catalog.to_regclass(quote_ident(s.schema) || '.' || quote_ident(s.name)) IS NOT NULL
"""

_ATTRIBUTES = """
SELECT s.schema, s.name, s.attribute, pg_catalog.pg_restore_attribute_stats(
    'version', %s::int, 'schemaname', s.schema, 'relname', s.name, 'attname', s.attribute, 'inherited', s.inherited,
    'null_frac', s.null_frac, 'avg_width', s.avg_width, 'n_distinct', s.n_distinct,
    'most_common_vals', s.most_common_vals, 'most_common_freqs', s.most_common_freqs,
    'histogram_bounds', s.histogram_bounds, 'correlation', s.correlation,
    'most_common_elems', s.most_common_elems, 'most_common_elem_freqs', s.most_common_elem_freqs,
    'elem_count_histogram', s.elem_count_histogram, 'range_length_histogram', s.range_length_histogram,
    'range_empty_frac', s.range_empty_frac, 'range_bounds_histogram', s.range_bounds_histogram)
FROM json_to_recordset(%s::json) AS s(
    schema text, name text, attribute text, inherited boolean, null_frac real, avg_width int, n_distinct real,
    most_common_vals text, most_common_freqs real[], histogram_bounds text, correlation real,
    most_common_elems text, most_common_elem_freqs real[], elem_count_histogram real[],
    range_length_histogram text, range_empty_frac real, range_bounds_histogram text)
WHERE EXISTS (
    SELECT FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = pg_catalog.to_regclass(quote_ident(s.schema) || '.' || quote_ident(s.name))
        AND a.attname = s.attribute AND a.attnum > 0 AND NOT a.attisdropped)
"""

MAX_PAGES = 2**31 - 1
"""The restoring function takes pages as a signed integer."""


def restore(connection: psycopg.Connection[Any], profile: Profile) -> list[str]:
    """Put all statistics of relations and columns in place; returns what the server would not take, in sentences."""
    refused: list[str] = []

    def notice(diagnostic: psycopg.errors.Diagnostic) -> None:
        text = diagnostic.message_primary or ""
        refused.append(f"{text} ({diagnostic.message_detail})" if diagnostic.message_detail else text)

    connection.add_notice_handler(notice)
    try:
        version = profile.server_version
        connection.execute(_RELATIONS, (version, json.dumps(list(_relation_rows(profile.tables)))))
        connection.execute(_ATTRIBUTES, (version, json.dumps(list(_attribute_rows(profile.tables)))))
    finally:
        connection.remove_notice_handler(notice)
    return [f"a statistic was not taken: {text}" for text in refused]


def restore_relation(
    connection: psycopg.Connection[Any], schema: str, name: str, *, pages: int, tuples: float, visible: int = 0
) -> None:
    """One relation's size as of its last ANALYZE."""
    row = {"schema": schema, "name": name, "pages": pages, "tuples": tuples, "visible": visible}
    connection.execute(_RELATIONS, (connection.info.server_version, json.dumps([row])))


def restore_columns(
    connection: psycopg.Connection[Any], schema: str, name: str, columns: dict[str, ColumnStatistics]
) -> None:
    """One relation's column statistics."""
    rows = [attribute_row(schema, name, column, found) for column, found in columns.items()]
    connection.execute(_ATTRIBUTES, (connection.info.server_version, json.dumps(rows)))


def _relation_rows(tables: Iterable[Table]) -> Iterator[dict[str, Any]]:
    for table in tables:
        yield {
            "schema": table.schema,
            "name": table.name,
            "pages": min(table.pages, MAX_PAGES),
            "tuples": table.tuples,
            "visible": min(table.all_visible, MAX_PAGES),
            "frozen": table.all_frozen,
        }
        for index in table.indexes:
            if table.kind != "partitioned":
                pages = min(index.pages, MAX_PAGES)
                yield {"schema": table.schema, "name": index.name, "pages": pages, "tuples": index.tuples, "visible": 0}


def _attribute_rows(tables: Iterable[Table]) -> Iterator[dict[str, Any]]:
    for table in tables:
        for column in table.columns:
            if column.statistics is not None:
                yield attribute_row(table.schema, table.name, column.name, column.statistics)
            if column.inherited_statistics is not None:
                yield attribute_row(table.schema, table.name, column.name, column.inherited_statistics, inherited=True)
        for index in table.indexes:
            for name, statistics in index.expression_statistics.items():
                yield attribute_row(table.schema, index.name, name, statistics)


def attribute_row(
    schema: str, relation: str, attribute: str, found: ColumnStatistics, *, inherited: bool = False
) -> dict[str, Any]:
    """One column's figures as the restoring statement reads them; a list of values without its frequencies is dropped."""
    row: dict[str, Any] = {
        "schema": schema,
        "name": relation,
        "attribute": attribute,
        "inherited": inherited,
        "null_frac": found.null_frac,
        "avg_width": found.avg_width,
        "n_distinct": found.n_distinct,
        "correlation": found.correlation,
        "histogram_bounds": array(found.histogram_bounds),
        "elem_count_histogram": found.elem_count_histogram,
        "range_bounds_histogram": array(found.range_bounds_histogram),
    }
    if found.most_common_vals and found.most_common_freqs:
        row["most_common_vals"] = array(found.most_common_vals)
        row["most_common_freqs"] = found.most_common_freqs
    if found.most_common_elems and found.most_common_elem_freqs:
        row["most_common_elems"] = array(found.most_common_elems)
        row["most_common_elem_freqs"] = found.most_common_elem_freqs
    if found.range_length_histogram is not None and found.range_empty_frac is not None:
        row["range_length_histogram"] = array(found.range_length_histogram)
        row["range_empty_frac"] = found.range_empty_frac
    return row


def array(values: Sequence[str] | None) -> str | None:
    """An array literal in which every value is quoted."""
    if values is None:
        return None
    return "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"
