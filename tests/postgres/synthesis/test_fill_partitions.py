"""Children in partitions: a parent has as many in all of them together as in production."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pytest_prodparity.core.levels import Rows
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.store import Stored
from pytest_prodparity.synthesis import build, plan
from tests.postgres.conftest import Production, production_on

SCHEMA = """
CREATE TABLE accounts (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO accounts SELECT n, 'account ' || n FROM generate_series(1, 2000) n;
CREATE TABLE events (account_id bigint NOT NULL REFERENCES accounts, month int NOT NULL, what text) PARTITION BY LIST (month);
CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
CREATE TABLE events_2 PARTITION OF events FOR VALUES IN (2);
CREATE TABLE events_3 PARTITION OF events FOR VALUES IN (3);
INSERT INTO events SELECT a.id, m, 'login' FROM accounts a, generate_series(1, 3) m,
    LATERAL generate_series(1, CASE WHEN a.id % 50 = 0 THEN 60 WHEN a.id % 3 = 0 THEN 0 ELSE 2 END);
CREATE TABLE folders (id bigint PRIMARY KEY, part int NOT NULL, UNIQUE (id, part));
INSERT INTO folders SELECT n, n % 2 FROM generate_series(1, 1000) n;
CREATE TABLE files (folder_id bigint NOT NULL, part int NOT NULL, name text NOT NULL, FOREIGN KEY (folder_id, part) REFERENCES folders (id, part))
    PARTITION BY LIST (part);
CREATE TABLE files_0 PARTITION OF files FOR VALUES IN (0);
CREATE TABLE files_1 PARTITION OF files FOR VALUES IN (1);
INSERT INTO files SELECT f.id, f.part, 'file ' || k FROM folders f, LATERAL generate_series(1, CASE WHEN f.id % 40 < 2 THEN 30 ELSE 2 END) k;
ANALYZE;
"""


@pytest.fixture(scope="module")
def production(server: Server) -> Iterator[Production]:
    with production_on(server, SCHEMA) as made:
        yield made


@pytest.fixture(scope="module")
def volume(server: Server, production: Production) -> Iterator[str]:
    profile, schema = capture(production.url, probe_seconds=60)
    stored = Stored(profile=profile, schema=schema, folder=Path())
    with production_on(server, "") as empty:
        build.fill(empty.url, stored, plan.counts(profile, rows=Rows()), seed=3, server=server)
        yield empty.url


def figures(dsn: str, query: str) -> tuple[float, ...]:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return tuple(float(value) for value in row)


def test_a_parent_has_as_many_children_in_all_parts_together(production: Production, volume: str) -> None:
    query = """SELECT max(n), count(*), sum(n), count(*) FILTER (WHERE n > 100) FROM
        (SELECT count(*) AS n FROM events GROUP BY account_id) AS k"""
    truth, found = figures(production.url, query), figures(volume, query)
    assert found[:3] == truth[:3]
    assert found[3] == truth[3]


def test_parts_share_their_parents(production: Production, volume: str) -> None:
    query = "SELECT count(DISTINCT a.account_id) FROM events_1 a JOIN events_2 b USING (account_id)"
    truth, found = figures(production.url, query)[0], figures(volume, query)[0]
    assert 0.6 * truth <= found <= truth * 1.1


def test_children_that_lie_in_one_part_stay_there(production: Production, volume: str) -> None:
    query = "SELECT max(n), avg(n) FROM (SELECT count(*) AS n FROM files GROUP BY folder_id) AS k"
    assert figures(volume, query) == pytest.approx(figures(production.url, query), rel=0.2)
