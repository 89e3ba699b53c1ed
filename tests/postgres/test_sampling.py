"""`parity_db.sample`: some rows of a table, the same ones each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.sampling import sample
from tests.postgres.conftest import Production, production_on

SCHEMA = '''
CREATE TABLE small (id int PRIMARY KEY, name text, tags text[]);
INSERT INTO small SELECT n, 'name ' || n, ARRAY['a', n::text] FROM generate_series(1, 50) n;
CREATE TABLE large (id int PRIMARY KEY, at timestamptz NOT NULL);
INSERT INTO large SELECT n, timestamptz '2024-01-01' + n * interval '1 s' FROM generate_series(1, 200000) n;
CREATE TABLE empty (id int);
CREATE TABLE parted (id int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
INSERT INTO parted SELECT generate_series(0, 99);
CREATE VIEW seen AS SELECT id FROM small;
CREATE SCHEMA "Other Place";
CREATE TABLE "Other Place".small (id int);
INSERT INTO "Other Place".small VALUES (7);
CREATE TABLE "Other Place"."Odd ""50%""" ("Id" int, "select" text);
INSERT INTO "Other Place"."Odd ""50%""" VALUES (1, 'x');
CREATE SCHEMA a; CREATE SCHEMA b;
CREATE TABLE a.twice (id int); CREATE TABLE b.twice (id int);
ANALYZE;
'''


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with production_on(server, SCHEMA) as made, psycopg.connect(made.url, autocommit=True) as opened:
        yield opened


def test_rows_are_dicts_by_column_with_python_values(connection: psycopg.Connection[Any]) -> None:
    (row,) = sample(connection, "small", 1, seed=7)
    assert row == {"id": row["id"], "name": f"name {row['id']}", "tags": ["a", str(row["id"])]}


@pytest.mark.parametrize("table", ["small", "large", "parted", "seen"])
def test_one_seed_gives_the_same_rows_and_another_gives_others(connection: psycopg.Connection[Any], table: str) -> None:
    first = sample(connection, table, 10, seed=7)
    assert sample(connection, table, 10, seed=7) == first
    assert sample(connection, table, 10, seed=8) != first
    assert len({row["id"] for row in first}) == 10
    assert sample(connection, table, 3, seed=7) == first[:3] or table == "large"


def test_rows_of_a_large_table_come_from_all_over_it(connection: psycopg.Connection[Any]) -> None:
    found = [row["id"] for row in sample(connection, "large", 100, seed=7)]
    assert min(found) < 40_000
    assert max(found) > 160_000


def test_names_are_taken_as_they_are(connection: psycopg.Connection[Any]) -> None:
    assert sample(connection, "Other Place.small", 1, seed=7) == [{"id": 7}]
    assert sample(connection, 'Odd "50%"', 1, seed=7) == [{"Id": 1, "select": "x"}]
    assert len(sample(connection, "small", 50, seed=7)) == 50  # the one that is on the search path


@pytest.mark.parametrize(
    ("table", "n", "message"),
    [
        ("smal", 1, "sample('smal'): there is no such table (did you mean 'small'?)."),
        ("twice", 1, "sample('twice'): it is in several schemas."),
        ("empty", 1, "sample('empty', 1): public.empty has 0 rows."),
        ("Other Place.small", 2, "sample('Other Place.small', 2): Other Place.small has 1 row."),
        ("small", -1, "sample('small', -1): -1 is no number of rows."),
    ],
)
def test_what_cannot_be_had_is_said(connection: psycopg.Connection[Any], table: str, n: int, message: str) -> None:
    with pytest.raises(UsageError) as wrong:
        sample(connection, table, n, seed=7)
    assert wrong.value.happened == message


def test_a_table_without_statistics_is_read_whole(
    server: Server, make_production: Callable[[Server, str], Production]
) -> None:
    made = make_production(server, "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 100)")
    with psycopg.connect(made.url, autocommit=True) as opened:
        assert len({row["id"] for row in sample(opened, "t", 100, seed=1)}) == 100


def test_rows_that_moved_are_found_where_they_are_now(connection: psycopg.Connection[Any]) -> None:
    first = sample(connection, "large", 20, seed=7)
    connection.execute("UPDATE large SET at = at WHERE id = ANY(%s)", [[row["id"] for row in first[::2]]])
    connection.execute("INSERT INTO large SELECT n, now() FROM generate_series(300001, 309000) n")
    connection.execute("DELETE FROM large WHERE id > 300000")
    assert sample(connection, "large", 20, seed=7) == first
