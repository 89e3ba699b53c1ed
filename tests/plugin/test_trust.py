"""Ordinary code in ordinary test shapes, which a naive judge would accuse or miss."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]

APP = """\
import asyncio

import asyncpg


def save(connection, number):
    connection.execute("INSERT INTO customer VALUES (%s, 'x', 'c1')", (number,))


def per_day(connection):
    return connection.execute('SELECT date(created_at), count(*) FROM "order" GROUP BY 1').fetchall()


async def export(dsn):
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            return [row['id'] async for row in connection.cursor('SELECT id FROM "order"')]
    finally:
        await connection.close()


async def names(dsn, numbers):
    connection = await asyncpg.connect(dsn)
    try:
        found = []
        for number in numbers:
            found.append(await connection.fetchval("SELECT name FROM customer WHERE id = $1", number))
        return found
    finally:
        await connection.close()


def all_names(dsn, numbers):
    return asyncio.run(names(dsn, numbers))


def hidden(connection):
    connection.execute("DO $$ BEGIN PERFORM * FROM customer WHERE name = 'x'; END $$")
"""

TESTS = '''\
import asyncio

import psycopg
import pytest

import app

pytestmark = pytest.mark.prodparity


@pytest.fixture
def committing(parity_db):
    with psycopg.connect(parity_db.dsn) as connection:
        yield connection


@pytest.fixture
def rolling_back(parity_db):
    connection = psycopg.connect(parity_db.dsn)
    yield connection
    connection.rollback()
    connection.close()


def test_a_fixture_commits(committing):
    app.save(committing, 1)


def test_a_fixture_rolls_back(rolling_back):
    app.save(rolling_back, 1)


def test_the_test_owns_it(parity_db):
    app.save(parity_db.connect(), 1)


def test_a_report_by_day(committing):
    assert app.per_day(committing)


def test_an_export_by_cursor(parity_db):
    parity_db.owner.execute("INSERT INTO customer VALUES (1, 'x', 'c1')")
    parity_db.owner.execute("""INSERT INTO "order" (id, customer_id, state, total) VALUES (7, 1, 'open', 5)""")
    assert 7 in asyncio.run(app.export(parity_db.dsn))


def test_a_body_that_cannot_be_seen(committing):
    app.hidden(committing)


def test_a_loop_below_asyncio_run(parity_db):
    assert app.all_names(parity_db.dsn, range(12)) == [None] * 12
'''


def test_only_what_fails_in_production_is_accused(project: Make) -> None:
    result = project({"app.py": APP, "test_app.py": TESTS}).run("-v")
    assert result.findings == [("n-plus-one", "app.py:28")], result.out
    assert result.outcomes["passed"] == 6
    assert result.report is not None
    assert any(entry["statement"].startswith("DO") for entry in result.report["untold"]), result.report["untold"]


def test_the_level_of_a_run_is_a_text(project: Make) -> None:
    tests = 'import pytest\n@pytest.mark.prodparity\ndef test_level(parity_db):\n    assert parity_db.level == "dev"\n'
    assert project({"test_level.py": tests}).run().outcomes == {"passed": 1}
