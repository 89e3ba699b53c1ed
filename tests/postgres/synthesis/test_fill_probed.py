"""A database filled from a profile with probes: what only probes can tell is there again."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.core.levels import Rows
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.store import Stored
from pytest_prodparity.synthesis import build, plan
from tests.postgres.conftest import Production, production_on
from tests.postgres.test_probe import AWKWARD

SCHEMA = """
CREATE TABLE regions (id int PRIMARY KEY, name text NOT NULL, note text);
INSERT INTO regions SELECT n, 'Region ' || n, CASE WHEN n <> 3 THEN 'it''s ' || n END FROM generate_series(0, 4) n;
CREATE TABLE countries (code char(2) PRIMARY KEY, region_id int NOT NULL REFERENCES regions, name text NOT NULL, since date,
    twice int GENERATED ALWAYS AS (2) STORED);
INSERT INTO countries SELECT chr(65 + n / 26) || chr(65 + n % 26), n % 5, 'Land ' || n, date '1950-01-01' + n
    FROM generate_series(0, 149) n;
CREATE TABLE airports (faa char(3) PRIMARY KEY, city text NOT NULL);
INSERT INTO airports SELECT 'A' || chr(65 + n / 26) || chr(65 + n % 26), 'City ' || n % 60 FROM generate_series(0, 199) n;
CREATE TABLE customers (id bigint PRIMARY KEY, country char(2) NOT NULL REFERENCES countries, joined timestamptz NOT NULL);
INSERT INTO customers SELECT n * 7, (SELECT code FROM countries OFFSET n % 40 LIMIT 1), timestamptz '2024-01-01' + n * interval '5 minutes'
    FROM generate_series(1, 30000) n;
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, airport char(3), ordered_at timestamptz NOT NULL,
    shipped_on date, carrier text, reason text, zip int NOT NULL, town int NOT NULL
);
INSERT INTO orders
SELECT row_number() OVER (ORDER BY md5(c.id::text || n)), c.id, (SELECT faa FROM airports OFFSET (c.id + n) % 150 LIMIT 1),
    c.joined + n * interval '3 days', CASE WHEN n % 2 = 0 THEN (c.joined + n * interval '3 days' + interval '5 days')::date END,
    CASE WHEN n % 2 = 0 THEN 'DHL' END, CASE WHEN n % 2 = 1 THEN 'late' END, (c.id * 7 + n) % 500, ((c.id * 7 + n) % 500) / 10
FROM customers c, LATERAL generate_series(1, CASE WHEN c.id % 3 = 0 THEN 0 WHEN c.id % 100 = 1 THEN 41 ELSE 2 END) n;
INSERT INTO orders SELECT 1000000 + n, NULL, 'AAA', now(), NULL, NULL, 'lost', n % 500, (n % 500) / 10 FROM generate_series(1, 5000) n;
CREATE TABLE lines (order_id bigint REFERENCES orders, line int, PRIMARY KEY (order_id, line));
INSERT INTO lines SELECT id, n FROM orders, LATERAL generate_series(1, (id % 4)::int) n;
CREATE TABLE parcels (id bigint PRIMARY KEY, order_id bigint, line int, FOREIGN KEY (order_id, line) REFERENCES lines);
INSERT INTO parcels SELECT row_number() OVER (), order_id, line FROM lines, LATERAL generate_series(1, line - 1) n;
ANALYZE;
"""


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[Production]:
    with production_on(server, SCHEMA) as production:
        yield production


@pytest.fixture(scope="module")
def stored(shop: Production) -> Stored:
    profile, schema = capture(shop.url, probe_seconds=600, whole=["countries", "regions"])
    assert not [note for note in profile.notes if note.startswith("Not probed")]
    return Stored(profile=profile, schema=schema, folder=Path())


@pytest.fixture(scope="module")
def fill(server: Server, stored: Stored) -> Iterator[Callable[[float], str]]:
    """Fills a database at a share of production's rows, once each; its URL."""
    made: dict[float, str] = {}
    with psycopg.connect(server.dsn(), autocommit=True) as admin:

        def filled(share: float) -> str:
            if share not in made:
                name = made[share] = f"probed_{secrets.token_hex(4)}"
                admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
                counts = plan.counts(stored.profile, rows=Rows(share=share))
                build.fill(server.dsn(name), stored, counts, seed=3, server=server)
            return server.dsn(made[share])

        yield filled
        for name in made.values():
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def rows(dsn: str, query: str) -> list[tuple[float, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode()).fetchall()


FAN_OUT = """
SELECT avg(k)::float8, max(k)::float8, avg((k = 0)::int)::float8, avg(k) FILTER (WHERE k > 0)::float8, sum(k)::float8 FROM (
    SELECT count(child.*) AS k FROM {parent} AS parent LEFT JOIN {child} AS child ON {on} GROUP BY {key}) AS s
"""
EDGES = [
    ("customers", "orders", "child.customer_id = parent.id", "parent.id"),
    ("orders", "lines", "child.order_id = parent.id", "parent.id"),
    (
        "lines",
        "parcels",
        "child.order_id = parent.order_id AND child.line = parent.line",
        "parent.order_id, parent.line",
    ),
]


@pytest.mark.parametrize("share", [1.0, 0.1])
@pytest.mark.parametrize(("parent", "child", "on", "key"), EDGES)
def test_parents_have_as_many_children_as_in_production(
    shop: Production, fill: Callable[[float], str], share: float, parent: str, child: str, on: str, key: str
) -> None:
    query = FAN_OUT.format(parent=parent, child=child, on=on, key=key)
    truth, found = rows(shop.url, query)[0], rows(fill(share), query)[0]
    mean, most, childless, siblings, _ = truth
    assert found[0] == pytest.approx(mean, rel=0.15)
    assert most * 0.85 <= found[1] <= most * 1.15
    assert found[2] == pytest.approx(childless, abs=0.03)
    assert found[3] == pytest.approx(siblings, rel=0.15)


def test_rows_without_a_parent_stay_so(shop: Production, fill: Callable[[float], str]) -> None:
    query = "SELECT avg((customer_id IS NULL)::int)::float8 FROM orders"
    assert rows(fill(1.0), query)[0][0] == pytest.approx(rows(shop.url, query)[0][0], abs=0.01)


def test_keys_stay_spread_and_placed_as_in_production(shop: Production, fill: Callable[[float], str]) -> None:
    query = """SELECT correlation::float8, n_distinct::float8 FROM pg_stats WHERE tablename = 'orders' AND attname = 'customer_id'"""
    (correlation, distinct), (found, number) = rows(shop.url, query)[0], rows(fill(1.0), query)[0]
    assert found == pytest.approx(correlation, abs=0.05)
    assert number == pytest.approx(distinct, rel=0.1)


@pytest.mark.parametrize("share", [1.0, 0.01])
def test_small_tables_come_as_they_are(shop: Production, fill: Callable[[float], str], share: float) -> None:
    for query in ("SELECT * FROM countries ORDER BY code", "SELECT * FROM regions ORDER BY id"):
        assert rows(fill(share), query) == rows(shop.url, query)
    joined = "SELECT count(*) FROM customers JOIN countries ON code = country JOIN regions r ON r.id = region_id"
    assert rows(fill(share), joined) == rows(fill(share), "SELECT count(*) FROM customers")


def test_an_undeclared_key_joins_as_in_production(shop: Production, fill: Callable[[float], str]) -> None:
    query = "SELECT count(*)::float8, count(DISTINCT faa)::float8 FROM orders JOIN airports ON faa = airport"
    (joined, several), (found, number) = rows(shop.url, query)[0], rows(fill(1.0), query)[0]
    assert found == pytest.approx(joined, rel=0.02)
    assert number == pytest.approx(several, rel=0.05)


def test_the_same_seed_gives_the_same_rows(server: Server, stored: Stored, fill: Callable[[float], str]) -> None:
    query = "SELECT md5(string_agg(o::text, '|' ORDER BY id)) FROM orders o"
    first = rows(fill(0.1), query)
    name = f"probed_{secrets.token_hex(4)}"
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            counts = plan.counts(stored.profile, rows=Rows(share=0.1))
            build.fill(server.dsn(name), stored, counts, seed=3, server=server)
            assert rows(server.dsn(name), query) == first
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_times_follow_each_other_and_the_parents(shop: Production, fill: Callable[[float], str]) -> None:
    for query in (
        "SELECT min(d), avg(d)::float8, max(d) FROM (SELECT shipped_on - ordered_at::date AS d FROM orders) s",
        "SELECT min(d)::float8, percentile_cont(0.5) WITHIN GROUP (ORDER BY d)::float8, percentile_cont(0.9) WITHIN GROUP (ORDER BY d)::float8"
        " FROM (SELECT EXTRACT(epoch FROM ordered_at - joined) / 86400 AS d FROM orders JOIN customers c ON c.id = customer_id) s",
    ):
        truth, found = rows(shop.url, query)[0], rows(fill(1.0), query)[0]
        assert found == pytest.approx(truth, rel=0.05, abs=1.01)


def test_columns_are_null_in_the_same_rows(shop: Production, fill: Callable[[float], str]) -> None:
    query = """SELECT shipped_on IS NULL, carrier IS NULL, reason IS NULL, customer_id IS NULL, count(*)::float8 / sum(count(*)) OVER ()
        FROM orders GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
    truth, found = rows(shop.url, query), rows(fill(1.0), query)
    assert [row[:4] for row in found] == [row[:4] for row in truth]
    assert [float(row[4]) for row in found] == pytest.approx([float(row[4]) for row in truth], abs=0.02)


def test_a_column_still_follows_from_another(shop: Production, fill: Callable[[float], str]) -> None:
    query = "SELECT count(DISTINCT zip), count(DISTINCT town), count(DISTINCT (zip, town)) FROM orders"
    zips, towns, pairs = rows(fill(1.0), query)[0]
    assert pairs == zips
    assert zips == pytest.approx(500, rel=0.15)
    assert towns == pytest.approx(50, rel=0.15)
    top = "SELECT max(n)::float8 FROM (SELECT count(*) AS n FROM orders GROUP BY town) s"
    assert rows(fill(1.0), top)[0][0] < 2 * rows(shop.url, top)[0][0]


def test_partitions_and_references_to_the_same_table_are_filled_as_probed(server: Server) -> None:
    with production_on(server, AWKWARD) as production:
        profile, schema = capture(production.url, probe_seconds=600, whole=["loops"])
        probed = Stored(profile=profile, schema=schema, folder=Path())
        with production_on(server, "") as empty:
            build.fill(empty.url, probed, plan.counts(profile, rows=Rows()), seed=1, server=server)
            loops = "SELECT l::text FROM loops l ORDER BY id"
            assert rows(empty.url, loops) == rows(production.url, loops)
            children = """SELECT count(*), max(n), (SELECT count(*) FROM events) FROM (SELECT count(*) AS n FROM {}
                GROUP BY "Parent %") s"""
            for part in ("events_1", "events_2"):
                assert rows(empty.url, children.format(part)) == rows(production.url, children.format(part))
