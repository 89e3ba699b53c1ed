"""What is rare in schemas and rows: filled, and read back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from pytest_prodparity.core.levels import Rows
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.synthesis.build import Filled, fill
from pytest_prodparity.synthesis.plan import counts
from tests.postgres.conftest import production_on
from tests.postgres.synthesis.test_awkward import stored


@contextmanager
def filled(
    server: Server, production: str, **overrides: int
) -> Iterator[tuple[psycopg.Connection[tuple[Any, ...]], Filled]]:
    """A database like one that `production` makes, with all its rows or `overrides`."""
    with production_on(server, production) as made:
        captured = stored(made.url)
    with production_on(server, "") as copy:
        asked = counts(captured.profile, rows=Rows(share=1.0), overrides=overrides)
        done = fill(copy.url, captured, asked, seed=7, workers=1, server=server)
        with psycopg.connect(copy.url, autocommit=True) as connection:
            yield connection, done


def test_a_unique_reference_that_may_be_null_leaves_rows_without_a_parent(server: Server) -> None:
    production = (
        "CREATE TABLE invoices (id int PRIMARY KEY); INSERT INTO invoices SELECT generate_series(1, 300);"
        "CREATE TABLE orders (id int PRIMARY KEY, invoice int UNIQUE REFERENCES invoices);"
        "INSERT INTO orders SELECT i, CASE WHEN i % 10 = 0 THEN i / 10 END FROM generate_series(1, 2500) i; ANALYZE"
    )
    with filled(server, production) as (connection, done):
        row = connection.execute("SELECT count(*), count(invoice), count(DISTINCT invoice) FROM orders").fetchone()
        assert row == (2500, 250, 250)
        assert done.notes == []
    with filled(server, production, invoices=100, orders=2500) as (connection, done):
        assert connection.execute("SELECT count(*), count(invoice) FROM orders").fetchone() == (2500, 100)
        assert "public.orders.invoice: 150 more NULLs than production's share" in done.notes[0]
