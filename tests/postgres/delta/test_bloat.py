"""Undone tests do not make tables grow, nor bend what the planner believes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from pytest_prodparity.databases.delta.tracker import Tracker
from pytest_prodparity.databases.kept import drop
from pytest_prodparity.databases.provider import Server


@pytest.fixture
def small(server: Server) -> Iterator[psycopg.Connection]:
    """A connection to a database with one table of ten rows on one page."""
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as admin:
        admin.execute("CREATE DATABASE bloat")
        with closing(psycopg.connect(server.dsn("bloat"), autocommit=True)) as app:
            app.execute("CREATE TABLE small (id int PRIMARY KEY, filler text)")
            app.execute("INSERT INTO small SELECT n, repeat('x', 400) FROM generate_series(1, 10) n")
            app.execute("VACUUM ANALYZE small")
            yield app
        drop(admin, "bloat")


def estimate(connection: psycopg.Connection) -> int:
    row = connection.execute("EXPLAIN (FORMAT JSON) SELECT * FROM small").fetchone()
    assert row is not None
    rows = row[0][0]["Plan"]["Plan Rows"]
    assert isinstance(rows, int)
    return rows


def test_a_small_table_stays_small_and_its_estimate_true(server: Server, small: psycopg.Connection) -> None:
    with Tracker.open(server, "bloat") as tracker:
        for _ in range(200):
            small.execute("UPDATE small SET filler = repeat('y', 400)")
            assert tracker.undo()
    row = small.execute("SELECT pg_relation_size('small') / 8192").fetchone()
    assert row is not None
    assert row[0] < 30, "without care there would be more than 200 pages"
    assert estimate(small) <= 20
