"""Nothing that is asked has an effect."""

from __future__ import annotations

import os
import time
from contextlib import closing
from typing import Any

import psycopg
import pytest

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.store import Stored
from pytest_prodparity.twin import build, roles
from pytest_prodparity.twin.plan import CannotTell, Plan
from pytest_prodparity.twin.twin import Twin
from pytest_prodparity.wire.trip import Parameter

ATTACKS = (
    "SELECT 1; DROP TABLE orders",
    "SELECT 1; COMMIT; DROP TABLE orders",
    ") SELECT 1; DROP TABLE orders --",
    "ANALYZE SELECT 1",
    "(ANALYZE) DELETE FROM orders",
    "EXPLAIN ANALYZE DELETE FROM orders",
    "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
    "DELETE FROM orders",
    "TRUNCATE orders",
    "VACUUM orders",
    "ANALYZE orders",
    "CREATE TABLE stolen AS SELECT * FROM orders",
    "SELECT * INTO stolen FROM orders",
    "COPY orders TO PROGRAM 'touch /tmp/prodparity_attack'",
    "COPY (SELECT 1) TO PROGRAM 'touch /tmp/prodparity_attack'",
    "DO $$ BEGIN DELETE FROM orders; END $$",
    "SELECT pg_sleep(100)",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
    "SELECT nextval('customers_id_seq')",
    "SELECT set_config('default_transaction_read_only', 'off', false)",
    "SET default_transaction_read_only = off",
    "SELECT lo_import('/etc/passwd')",
    "DECLARE c CURSOR WITH HOLD FOR DELETE FROM orders RETURNING *",
    "EXECUTE nothing",
    "SELECT 1 \0; DROP TABLE orders",
    "",
    "-- nothing\n;",
    "/* /* nested */ */ ; SELECT 1",
)


def state(server: Server, stored: Stored) -> Any:
    """All that the twin is made of."""
    with psycopg.connect(server.dsn(build.name(stored, server)), autocommit=True) as connection:
        tables = connection.execute(
            "SELECT c.oid, c.relname, c.relfilenode, c.relpages, c.reltuples, pg_relation_size(c.oid)"
            " FROM pg_class AS c WHERE c.oid >= 16384 AND c.relkind IN ('r', 'i', 'm', 'S') ORDER BY c.oid"
        ).fetchall()
        counted = connection.execute("SELECT count(*), sum(stadistinct) FROM pg_statistic").fetchone()
        sequence = connection.execute("SELECT last_value, is_called FROM customers_id_seq").fetchone()
    return tables, counted, sequence


def test_no_statement_has_an_effect(twin: Twin, server: Server, stored: Stored) -> None:
    before = state(server, stored)
    for attack in ATTACKS:
        began = time.monotonic()
        answer = twin.plan(attack)
        assert isinstance(answer, (Plan, CannotTell))
        assert time.monotonic() - began < 4, attack
    assert state(server, stored) == before
    assert not os.path.exists("/tmp/prodparity_attack")  # noqa: PTH110
    assert isinstance(twin.plan("SELECT 1"), Plan)


def test_no_change_for_a_what_if_stays(twin: Twin, server: Server, stored: Stored) -> None:
    before = state(server, stored)
    for change in (
        "CREATE INDEX ON orders (total)",
        "CREATE INDEX ON orders (total); DROP TABLE orders",
        "DROP TABLE orders CASCADE",
        "ALTER TABLE orders ADD COLUMN more integer DEFAULT 3",
        "ALTER TABLE orders ALTER COLUMN total TYPE text",
        "COMMIT",
        "CREATE TABLE stolen AS SELECT * FROM orders",
        "DO $$ BEGIN COMMIT; END $$",
        "COPY orders TO PROGRAM 'touch /tmp/prodparity_attack'",
        "CREATE FUNCTION evil() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
        "TRUNCATE orders",
        "VACUUM orders",
        "ALTER SYSTEM SET work_mem = '1GB'",
        "DROP DATABASE postgres",
    ):
        assert isinstance(twin.what_if(change, "SELECT 1"), (Plan, CannotTell))
    assert state(server, stored) == before
    assert not os.path.exists("/tmp/prodparity_attack")  # noqa: PTH110


def test_the_planners_role_cannot_damage_the_twin(twin: Twin, server: Server, stored: Stored) -> None:
    database = build.name(stored, server)
    before = state(server, stored)
    role = roles.planner(database)
    dsn = server.dsn(database, user=role, password=roles.password(server, role))
    with psycopg.connect(dsn, autocommit=True) as connection:
        for damage in ("ANALYZE", "VACUUM", "VACUUM FULL orders", "CLUSTER", "REINDEX TABLE orders", "ALTER TABLE orders RENAME TO o",
                       "CREATE TABLE mine ()", "TRUNCATE orders", "SET ROLE postgres", "CREATE TEMPORARY TABLE t ()"):  # fmt: skip
            try:
                connection.execute(damage.encode())
            except psycopg.Error:
                continue
    assert state(server, stored) == before


def test_a_function_that_never_ends_while_planning_is_stopped(twin: Twin) -> None:
    began = time.monotonic()
    answer = twin.plan("SELECT forever(1)")
    assert isinstance(answer, CannotTell)
    assert "planning took too long" in answer.reason
    assert time.monotonic() - began < 20
    assert isinstance(twin.plan("SELECT 1"), Plan)


def test_a_function_that_opens_the_session_for_writing_costs_the_session(server: Server, stored: Stored) -> None:
    text = stored.schema + (
        "\nCREATE FUNCTION public.volatile_part() RETURNS text LANGUAGE plpgsql VOLATILE AS"
        " $$BEGIN RETURN set_config('default_transaction_read_only', 'off', false); END$$;"
        "\nCREATE FUNCTION public.tricky() RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.volatile_part(); END';\n"
    )
    tampering = Stored(profile=stored.profile, schema=text, folder=stored.folder)
    with closing(Twin.open(tampering, server)) as twin:
        answer = twin.plan("SELECT tricky()")
        assert isinstance(answer, CannotTell)
        assert twin.plan("SELECT current_setting('default_transaction_read_only')") is not None
        changing = twin.plan("DELETE FROM orders")
        assert isinstance(changing, Plan)
    build.discard(server, build.name(tampering, server))


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT * FROM nope", '"nope" is not in production\'s schema'),
        ("SELECT nope FROM orders", 'column "nope" does not exist'),
        ("SELECT 1; SELECT 2", "it is more than one statement"),
        ("CALL something()", "the body of CALL is not visible"),
        ("DO 'x'", "the body of DO is not visible"),
        ("REFRESH MATERIALIZED VIEW totals", "REFRESH runs a view's query, which is not visible"),
        ("SELECT * FROM orders WHERE id = $1", ""),
    ],
)
def test_a_statement_without_a_plan_says_why(twin: Twin, statement: str, reason: str) -> None:
    answer = twin.plan(statement)
    if not reason:
        assert isinstance(answer, Plan)
        return
    assert isinstance(answer, CannotTell)
    assert answer.reason == reason
    assert not answer.utility


@pytest.mark.parametrize(
    "statement", ["SET x = 1", "BEGIN", "SHOW all", "COPY orders FROM STDIN", "CREATE TABLE t ()", "", "LISTEN x"]
)
def test_a_statement_that_never_has_a_plan_need_not_be_counted(twin: Twin, statement: str) -> None:
    answer = twin.plan(statement)
    assert isinstance(answer, CannotTell)
    assert answer.utility


def test_the_place_of_a_mistake_is_told(twin: Twin) -> None:
    answer = twin.plan("SELECT * FROM orders WHERE totl = 3")
    assert isinstance(answer, CannotTell)
    assert answer.position == len("SELECT * FROM orders WHERE ") + 1
    assert 'Perhaps you meant to reference the column "orders.total"' in answer.hint


def test_a_parameter_too_few_is_a_generic_plan_or_a_reason(twin: Twin) -> None:
    answer = twin.plan(
        "SELECT * FROM orders WHERE id = $1 AND total = $2", [Parameter(value=b"1", binary=False, oid=0)]
    )
    assert isinstance(answer, CannotTell)
    assert "requires 2" in answer.reason
