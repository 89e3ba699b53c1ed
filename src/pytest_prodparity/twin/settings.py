"""Production's settings that change plans or the meaning of a literal, set for the twin's database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

OUTSIDE_QUERY_TUNING = (
    "DateStyle", "IntervalStyle", "TimeZone", "array_nulls", "backslash_quote", "bytea_output",
    "default_text_search_config", "effective_io_concurrency", "extra_float_digits", "hash_mem_multiplier",
    "max_parallel_workers", "max_parallel_workers_per_gather", "parallel_leader_participation", "search_path",
    "standard_conforming_strings", "transform_null_equals", "work_mem", "xmlbinary", "xmloption",
)  # fmt: skip
"""Settings that matter beside those of the server's category `Query Tuning`."""

_KNOWN = """
SELECT name FROM pg_settings
WHERE context IN ('user', 'superuser') AND (category LIKE 'Query Tuning%%' OR name = ANY (%s)) AND name = ANY (%s)
ORDER BY name
"""


def copy(connection: psycopg.Connection[Any], database: str, settings: Mapping[str, str]) -> list[str]:
    """ALTER DATABASE … SET for each that this server has and lets be set; returns what it refused, in sentences.

    Goes through the session's own value: a list such as search_path has no literal of its own in ALTER DATABASE.
    """
    notes = []
    known = connection.execute(_KNOWN, (list(OUTSIDE_QUERY_TUNING), list(settings))).fetchall()
    for (name,) in known:
        try:
            connection.execute("SELECT set_config(%s, %s, false)", (name, settings[name]))
        except psycopg.Error as cause:
            notes.append(f"setting {name}={settings[name]!r} was not taken: {cause.diag.message_primary}")
            continue
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET {} FROM CURRENT").format(sql.Identifier(database), sql.Identifier(name))
        )
    return notes
