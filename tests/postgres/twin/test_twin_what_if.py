"""A what-if is the plan that production has once the change is made."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.model import Column, ColumnStatistics, Index, Profile, Table
from pytest_prodparity.profile.store import Stored, digest
from pytest_prodparity.twin import build
from pytest_prodparity.twin.plan import CannotTell, Plan
from pytest_prodparity.twin.twin import Twin
from tests.postgres.twin.world import explained

INDEXES = (
    ("CREATE INDEX ON orders (total)", "SELECT * FROM orders WHERE total = 3.5"),
    ("CREATE INDEX ON orders (total)", "SELECT * FROM orders WHERE total BETWEEN 500 AND 500.5"),
    ("CREATE INDEX CONCURRENTLY ON orders (city, placed)", "SELECT * FROM orders WHERE city = 'city 3' ORDER BY placed LIMIT 5"),
    ("CREATE UNIQUE INDEX extra ON orders (placed, id)", "SELECT * FROM orders ORDER BY placed DESC LIMIT 3"),
    ("CREATE INDEX ON orders (city) INCLUDE (total)", "SELECT city, total FROM orders WHERE city = 'city 3'"),
    ("CREATE INDEX ON orders (placed) WHERE status = 'open'", "SELECT * FROM orders WHERE status = 'open' AND placed > '2021-08-30'"),
    ("CREATE INDEX ON public.orders USING btree (upper(city))", "SELECT * FROM orders WHERE upper(city) = 'X'"),
    ("CREATE INDEX ON orders USING hash (city)", "SELECT * FROM orders WHERE city = 'city 3'"),
    ("CREATE INDEX ON orders USING brin (id)", "SELECT sum(total) FROM orders WHERE id BETWEEN 5000 AND 9000"),
    ("CREATE INDEX ON events (kind, at)", "SELECT * FROM events WHERE kind = 'kind 3' AND at = '2024-03-01'"),
    ("CREATE INDEX ON people (name)", "SELECT * FROM people WHERE name = 'name 7'"),
    ('CREATE INDEX ON "Sales Dept"."Order %Lines" ("say ""hi""")', 'SELECT * FROM "Order %Lines" WHERE "say ""hi""" = \'text 7\''),
    ("CREATE INDEX ON archive.orders (total)", "SELECT * FROM archive.orders WHERE total = 99"),
    ("DROP INDEX orders_customer", "SELECT * FROM orders WHERE customer_id = 5"),
)  # fmt: skip


def nodes(plan: dict[str, Any]) -> list[Any]:
    """A plan tree without its figures; an index made without a name has the server's in both."""
    keys = ("Node Type", "Relation Name", "Index Name", "Index Cond", "Filter", "Scan Direction")
    return [[plan.get(key) for key in keys], [nodes(child) for child in plan.get("Plans", ())]]


@pytest.mark.parametrize(("change", "query"), INDEXES)
def test_a_new_index_is_planned_as_if_it_had_been_built(
    production: psycopg.Connection[Any], twin: Twin, change: str, query: str
) -> None:
    answer = twin.what_if(change, query)
    with production.transaction(force_rollback=True):
        production.execute(change.replace("CONCURRENTLY", "").encode())
        right = explained(production, query)
    assert isinstance(answer, Plan), answer
    assert nodes(dict(answer.root.raw)) == nodes(right)
    assert answer.cost == pytest.approx(right["Total Cost"], rel=0.03)


def test_the_plan_afterwards_is_the_one_before(twin: Twin) -> None:
    query = "SELECT * FROM orders WHERE total = 3.5"
    before = twin.plan(query)
    with_index = twin.what_if("CREATE INDEX ON orders (total)", query)
    after = twin.plan(query)
    assert isinstance(before, Plan)
    assert isinstance(with_index, Plan)
    assert isinstance(after, Plan)
    assert before.root.raw == after.root.raw
    assert with_index.cost < before.cost / 10


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("CREATE INDEX ON nope (x)", 'relation "nope" does not exist'),
        ("CREATE INDEX ON orders (nope)", 'column "nope" does not exist'),
        ("CREATE INDEX ON orders USING gin (city gin_trgm_ops)", "the size of a new gin index cannot be estimated"),
        ("ALTER TABLE staff ALTER COLUMN salary TYPE bigint", "rewrites the table"),
        ("CREATE TABLE copy AS SELECT * FROM orders", "CREATE TABLE cannot be replayed on the twin"),
        ("UPDATE orders SET total = 1", "UPDATE cannot be replayed on the twin"),
        ("CREATE INDEX ON orders (total); SELECT 1", "cannot insert multiple commands"),
    ],
)
def test_a_change_that_cannot_be_replayed_says_why(twin: Twin, change: str, reason: str) -> None:
    answer = twin.what_if(change, "SELECT * FROM orders")
    assert isinstance(answer, CannotTell)
    assert reason in answer.reason


def test_a_statement_on_what_the_test_made_itself(twin: Twin) -> None:
    query = "SELECT * FROM orders AS o JOIN baskets AS b ON b.order_id = o.id WHERE b.note IS NOT NULL"
    assert isinstance(twin.plan(query), CannotTell)
    made = ["CREATE TABLE baskets (order_id bigint REFERENCES orders)", "ALTER TABLE baskets ADD COLUMN note text",
            "CREATE INDEX ON baskets (order_id)", "COMMENT ON TABLE baskets IS 'x'"]  # fmt: skip
    answer = twin.plan(query, ddl=made)
    assert isinstance(answer, Plan)
    assert {"public.orders", "public.baskets"} <= {node.table for node in answer.walk()}
    added = twin.plan("SELECT * FROM orders WHERE extra = 7", ddl=["ALTER TABLE orders ADD COLUMN extra integer"])
    assert isinstance(added, Plan)


def test_a_constraint_is_not_checked_against_the_empty_table(twin: Twin) -> None:
    for change in (
        "ALTER TABLE customers ALTER COLUMN score SET NOT NULL",
        "ALTER TABLE orders ADD CHECK (total > 5)",
        "ALTER TABLE archive.orders ADD FOREIGN KEY (id) REFERENCES orders",
        "ALTER TABLE shifted ADD PRIMARY KEY (city, country)",
    ):
        answer = twin.what_if(change, "SELECT * FROM orders JOIN archive.orders AS a USING (id)")
        assert isinstance(answer, Plan), change


def test_settings_hold_for_one_statement(twin: Twin) -> None:
    query = "SELECT * FROM orders WHERE id = 5"
    answer = twin.plan(query, settings={"enable_indexscan": "off", "enable_bitmapscan": "off"})
    assert isinstance(answer, Plan)
    assert any(node.type == "Seq Scan" for node in answer.walk())
    again = twin.plan(query)
    assert isinstance(again, Plan)
    assert again.root.type == "Index Scan"


ROWS, WIDTH = 400_000_000, 6_250_000
"""A table of 51 GB."""


@pytest.fixture
def large(server: Server) -> Iterator[Twin]:
    spread = [str(number * ROWS // 100) for number in range(101)]
    statistics = ColumnStatistics(null_frac=0, avg_width=8, n_distinct=-1, histogram_bounds=spread, correlation=0.2)
    schema = "CREATE TABLE public.large (id bigint PRIMARY KEY, other bigint);\n"
    table = Table(
        schema="public", name="large", kind="table", pages=WIDTH, tuples=ROWS, all_visible=WIDTH, size=WIDTH * 8192,
        columns=[Column(name=name, type="bigint", statistics=statistics) for name in ("id", "other")],
        indexes=[Index(name="large_pkey", method="btree", definition="", columns=["id"], pages=1_096_000, tuples=ROWS,
                       size=1_096_000 * 8192, unique=True, primary=True)],
        ends={"id": ["1", str(ROWS)]},
    )  # fmt: skip
    profile = Profile(
        captured_at="2026-01-01T00:00:00Z", server_version=180000, database="large", identity="large", tables=[table],
        schema_sha256=digest(schema),
    )  # fmt: skip
    stored = Stored(profile=profile, schema=schema, folder=Path())
    with closing(Twin.open(stored, server)) as twin:
        yield twin
    build.discard(server, build.name(stored, server))


def test_an_index_on_fifty_gigabytes_takes_no_time_and_no_disk(large: Twin, server: Server) -> None:
    query = "SELECT * FROM large WHERE other = 77"
    before = large.plan(query)
    assert isinstance(before, Plan)
    large.what_if("CREATE INDEX ON large (other)", query)
    began = time.monotonic()
    after = large.what_if("CREATE INDEX ON large (other)", query)
    took = time.monotonic() - began
    assert isinstance(after, Plan)
    assert before.cost > 5_000_000
    assert after.cost < 10
    assert took < 1
    assert server.data is not None
    used = sum(file.stat().st_blocks * 512 for file in (server.data / "base").rglob("*") if file.is_file())
    assert used < 4 << 30
    with psycopg.connect(server.dsn(build.name(large._stored, server)), autocommit=True) as connection:
        row = connection.execute("SELECT pg_relation_size('large') / 8192").fetchone()
        assert row == (WIDTH,)
        connection.execute(sql.SQL("SELECT 1"))
