"""Rows that are drawn can be inserted: into the demo's schema, and into awkward ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from psycopg import sql

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.model import Profile
from pytest_prodparity.profile.store import load
from pytest_prodparity.strategies import rows
from tests.postgres.conftest import production_on

DEMO = Path(__file__).parents[2] / "src/pytest_prodparity/demo/parity"
SCHEMAS = Path(__file__).parent / "synthesis" / "schemas"


def insert(connection: psycopg.Connection[Any], made: Sequence[tuple[str, dict[str, Any]]], profile: Profile) -> None:
    for name, row in made:
        table = profile.table(name)
        assert table is not None
        target = sql.Identifier(table.schema, table.name)
        columns = sql.SQL(", ").join(map(sql.Identifier, row))
        query = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ").format(target, columns)
        if not row:
            connection.execute(sql.SQL("INSERT INTO {} DEFAULT VALUES").format(target))
            continue
        values = f"({', '.join(['%s'] * len(row))})"
        connection.execute(
            query.as_string(connection).replace("%", "%%").encode() + values.encode(), list(row.values())
        )


@contextmanager
def emptied(server: Server, schema: str) -> Iterator[psycopg.Connection[Any]]:
    with production_on(server, schema) as made, psycopg.connect(made.url) as connection:
        connection.execute("SET search_path = public")
        yield connection


@pytest.mark.parametrize("table", ["customers", "orders", "order_lines", "products"])
def test_linked_rows_of_the_demo_can_be_inserted(server: Server, table: str) -> None:
    stored = load(DEMO)
    with emptied(server, stored.schema) as connection:

        @settings(max_examples=20, deadline=None, derandomize=True, database=None)
        @given(rows(table, linked=True, min_size=1, max_size=3, profile=stored))
        def inserts(made: list[tuple[str, dict[str, Any]]]) -> None:
            connection.rollback()
            insert(connection, made, stored.profile)

        inserts()


@pytest.mark.parametrize("schema", ["statuses", "tenants", "domains", "legacy", "double_entry", "checked"])
def test_linked_rows_of_awkward_schemas_can_be_inserted(server: Server, schema: str) -> None:
    with production_on(server, (SCHEMAS / f"{schema}.sql").read_text()) as made:
        profile, _ = capture(made.url)
        with psycopg.connect(made.url) as connection:
            names = [table for table in profile.tables if table.kind in ("table", "partitioned")]
            truncate = sql.SQL(", ").join(sql.Identifier(table.schema, table.name) for table in names)
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(truncate))
            connection.commit()
            for table in names:

                @settings(
                    max_examples=6,
                    deadline=None,
                    derandomize=True,
                    database=None,
                    suppress_health_check=[HealthCheck.too_slow],
                )
                @given(rows(table.full_name, linked=True, profile=profile))
                def inserts(found: list[tuple[str, dict[str, Any]]]) -> None:
                    connection.rollback()
                    insert(connection, found, profile)

                inserts()
