"""What is rare in schemas and rows: filled, and read back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.core.levels import Rows
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.store import Stored
from pytest_prodparity.synthesis.approved import Approved
from pytest_prodparity.synthesis.build import Filled, fill
from pytest_prodparity.synthesis.catalog import relations
from pytest_prodparity.synthesis.mend import Asked, Demands, Sieve
from pytest_prodparity.synthesis.plan import counts
from pytest_prodparity.synthesis.sources import Drawn, Uuids
from pytest_prodparity.synthesis.values import text_values
from tests.postgres.conftest import production_on


@contextmanager
def filled(
    server: Server, production: str, *, now: datetime | None = None, probe: float = 0, **overrides: int
) -> Iterator[tuple[psycopg.Connection[tuple[Any, ...]], Filled]]:
    """A database like one that `production` makes, with all its rows or `overrides`."""
    with production_on(server, production) as made:
        profile, schema = capture(made.url, probe_seconds=probe)
    captured = Stored(profile=profile, schema=schema, folder=Path("parity"))
    with production_on(server, "") as copy:
        asked = counts(captured.profile, rows=Rows(share=1.0), overrides=overrides)
        done = fill(copy.url, captured, asked, seed=7, workers=1, server=server, now=now)
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


def test_infinite_times_stay_so_while_the_others_are_moved(server: Server) -> None:
    production = (
        "CREATE TABLE prices (id int PRIMARY KEY, since timestamptz NOT NULL, ends date NOT NULL);"
        "INSERT INTO prices SELECT i, CASE WHEN i % 4 = 0 THEN '-infinity' ELSE now() - i * interval '1 hour' END,"
        " CASE WHEN i % 4 > 0 THEN 'infinity' WHEN i % 8 > 0 THEN '-infinity' ELSE current_date - i % 30 END"
        " FROM generate_series(1, 2000) i; ANALYZE"
    )
    later = datetime.now(UTC) + timedelta(days=200)
    with filled(server, production, now=later) as (connection, _):
        query = (
            "SELECT count(*) FILTER (WHERE since = '-infinity'), count(*) FILTER (WHERE ends = 'infinity'),"
            " count(*) FILTER (WHERE ends = '-infinity'), max(since)::date - current_date,"
            " max(ends) FILTER (WHERE isfinite(ends)) - current_date FROM prices"
        )
        row = connection.execute(query).fetchone()
        assert row is not None
        assert row[:3] == pytest.approx((500, 1500, 250), rel=0.05)
        assert row[3:] == pytest.approx((200, 200), abs=2)


TENANTS = """
CREATE TABLE users (tenant int NOT NULL, id int NOT NULL, PRIMARY KEY (tenant, id));
INSERT INTO users SELECT t, u FROM generate_series(1, 40) t, generate_series(1, 20) u;
CREATE TABLE projects (tenant int NOT NULL, id int NOT NULL, PRIMARY KEY (tenant, id));
INSERT INTO projects SELECT t, p FROM generate_series(1, 36) t, generate_series(1, 10) p;
CREATE TABLE tasks (
    id int PRIMARY KEY, tenant int NOT NULL, "user" int NOT NULL, project int {null},
    CONSTRAINT a FOREIGN KEY (tenant, "user") REFERENCES users, CONSTRAINT b FOREIGN KEY (tenant, project) REFERENCES projects
);
INSERT INTO tasks SELECT i, 1 + i * 7 / 3 % {tenants}, 1 + i % 20, CASE WHEN {given} THEN 1 + i % 10 END FROM generate_series(1, 4000) i;
ANALYZE
"""


def test_only_rows_whose_group_has_no_parents_refer_to_nothing(server: Server) -> None:
    production = TENANTS.format(null="", tenants=40, given="i * 7 / 3 % 40 < 36 AND i % 2 = 0")
    with filled(server, production) as (connection, _):
        row = connection.execute("SELECT count(project), count(*), count(DISTINCT tenant) FROM tasks").fetchone()
        assert row is not None
        assert row == (pytest.approx(1700, rel=0.15), 4000, 40)
        alone = "SELECT count(*) FROM tasks WHERE tenant > 36 AND project IS NOT NULL"
        assert connection.execute(alone).fetchone() == (0,)


def test_rows_whose_group_has_no_parents_move_to_another_group_where_they_must_have_one(server: Server) -> None:
    production = TENANTS.format(null="NOT NULL", tenants=36, given="true")
    with filled(server, production, projects=12, tasks=4000) as (connection, done):
        kept = "SELECT count(*), (SELECT count(DISTINCT tenant) FROM projects) BETWEEN 2 AND 12 FROM tasks"
        assert connection.execute(kept).fetchone() == (4000, True)
        assert done.notes == []


def test_a_column_that_repeats_its_parents_keeps_its_nulls(server: Server) -> None:
    production = (
        "CREATE TABLE orders (id int PRIMARY KEY, currency text NOT NULL);"
        "INSERT INTO orders SELECT i, (ARRAY['EUR', 'USD', 'CHF'])[1 + i % 3] FROM generate_series(1, 3000) i;"
        "CREATE TABLE lines (id int PRIMARY KEY, parent int NOT NULL REFERENCES orders, currency text);"
        "INSERT INTO lines SELECT o.id * 3 + n, o.id, CASE WHEN (o.id + n) % 4 = 0 THEN o.currency END"
        " FROM orders o, generate_series(0, 2) n; ANALYZE"
    )
    with filled(server, production, probe=60) as (connection, _):
        query = (
            "SELECT avg((l.currency IS NULL)::int)::float8, bool_and(l.currency = o.currency)"
            " FROM lines l JOIN orders o ON o.id = l.parent"
        )
        assert connection.execute(query).fetchone() == (pytest.approx(0.75, abs=0.03), True)


def test_a_sequence_goes_on_after_all_columns_whose_default_it_is(server: Server) -> None:
    production = (
        "CREATE SEQUENCE ids; CREATE SEQUENCE down INCREMENT -1 MAXVALUE -1;"
        "CREATE TABLE a (id bigint PRIMARY KEY DEFAULT nextval('ids'), low int DEFAULT nextval('down'));"
        "CREATE TABLE b (id bigint PRIMARY KEY DEFAULT nextval('ids'), code text DEFAULT 'x' || nextval('ids'));"
        "INSERT INTO a SELECT i, -i FROM generate_series(1, 3000) i; INSERT INTO b SELECT i, 'x' || i FROM generate_series(3001, 4000) i;"
        "ANALYZE"
    )
    with filled(server, production) as (connection, _):
        row = connection.execute("SELECT greatest(max(a.id), max(b.id)), min(a.low) FROM a, b").fetchone()
        assert row is not None
        assert connection.execute("SELECT last_value, is_called FROM ids").fetchone() == (row[0], True)
        assert connection.execute("SELECT last_value FROM down").fetchone() == (row[1],)


def test_a_check_that_refuses_what_it_took_once_is_named(server: Server) -> None:
    production = "CREATE TABLE t (code text NOT NULL)"
    known = Approved(checks=(), asked=frozenset({"never"}), texts=("a", "b"), pool=None)
    wanted = Demands(asked=(Asked(name="never", text="code = 'c'", columns=("code",)),), approved={"code": known})
    with production_on(server, production) as made, psycopg.connect(made.url, autocommit=True) as connection:
        (attribute,) = relations(connection)["public.t"].attributes
        column = Drawn(name="code", source=Uuids(size=1, salt=0))
        sieve = Sieve(connection, "public", "t", wanted)
        with pytest.raises(ProdparityError, match=r"public\.t cannot be filled: CHECK never .* 0 of 3"):
            sieve.hold({"code": text_values(["x", "y", "z"])}, [(attribute, column)], np.random.default_rng(7))


def test_two_keys_of_a_line_hold_both(server: Server) -> None:
    production = (
        "CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 500);"
        "CREATE TABLE products (id int PRIMARY KEY); INSERT INTO products SELECT generate_series(1, 40);"
        "CREATE TABLE lines (parent int REFERENCES orders, line int, product int NOT NULL REFERENCES products,"
        " PRIMARY KEY (parent, line), UNIQUE (product, parent));"
        "INSERT INTO lines SELECT o, n, 1 + (o * 7 + n) % 40 FROM generate_series(1, 500) o, generate_series(1, 1 + o % 9) n;"
        "ANALYZE"
    )
    with filled(server, production) as (connection, done):
        query = "SELECT count(*), min(line) FROM lines"
        assert connection.execute(query).fetchone() == (2495, 1)
        gaps = "SELECT count(*) FROM (SELECT FROM lines GROUP BY parent HAVING max(line) > count(*)) AS g"
        assert connection.execute(gaps).fetchone() == (0,)
        assert done.notes == []


def test_large_numerics_stay_large_and_different(server: Server) -> None:
    production = (
        "CREATE TABLE wei (id numeric(40) PRIMARY KEY, amount numeric(38, 18) NOT NULL CHECK (amount >= 0.5), rate numeric);"
        "INSERT INTO wei SELECT i * 1e30, i * 1000.000000000000000001, CASE WHEN i % 4 = 0 THEN 'NaN' ELSE i / 7.0 END"
        " FROM generate_series(1, 4000) i; ANALYZE"
    )
    with filled(server, production) as (connection, done):
        query = (
            "SELECT count(*), max(id) > 3e33, max(id) < 5e33, count(DISTINCT amount) > 3000, max(amount) > 3e6 FROM wei"
        )
        assert connection.execute(query).fetchone() == (4000, True, True, True, True)
        query = "SELECT count(DISTINCT rate) > 2000, max(rate) < 600 FROM wei"
        assert connection.execute(query).fetchone() == (True, True)
        assert "public.wei.id: its numbers are rounded to 18 digits" in done.notes
