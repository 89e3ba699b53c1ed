"""Values as the client bound them: text, binary, arrays, NULL, and types of the schema's own."""

from __future__ import annotations

import struct
from typing import Any

import psycopg

from pytest_prodparity.twin.plan import CannotTell, Plan
from pytest_prodparity.twin.twin import Twin
from pytest_prodparity.wire.trip import Parameter
from tests.postgres.twin.world import explained


def bound(value: bytes | None, *, binary: bool = False, oid: int = 0) -> Parameter:
    return Parameter(value=value, binary=binary, oid=oid)


def test_a_bound_value_plans_like_a_literal(production: psycopg.Connection[Any], twin: Twin) -> None:
    query = "SELECT * FROM orders WHERE status = {} AND id > {}"
    for status, least in (("open", 5), ("paid", 119_000)):
        right = explained(production, query.format(f"'{status}'", least))
        as_text = twin.plan(query.format("$1", "$2"), [bound(status.encode()), bound(str(least).encode())])
        as_binary = twin.plan(
            query.format("$1", "$2"),
            [bound(status.encode(), binary=True, oid=25), bound(struct.pack(">q", least), binary=True, oid=20)],
        )
        assert isinstance(as_text, Plan)
        assert isinstance(as_binary, Plan)
        assert as_text.cost == as_binary.cost == right["Total Cost"]
        assert as_text.root.rows == right["Plan Rows"]


def test_null_and_arrays(production: psycopg.Connection[Any], twin: Twin) -> None:
    null = twin.plan("SELECT * FROM orders WHERE id = $1", [bound(None, oid=20)])
    assert isinstance(null, Plan)
    assert null.root.type == "Result"
    some = twin.plan("SELECT * FROM orders WHERE id = ANY ($1)", [bound(b"{1,2,3}", oid=1016)])
    assert isinstance(some, Plan)
    assert some.cost == explained(production, "SELECT * FROM orders WHERE id = ANY ('{1,2,3}')")["Total Cost"]


def test_types_of_the_schemas_own_have_other_numbers(production: psycopg.Connection[Any], twin: Twin) -> None:
    row = production.execute("SELECT 'mood'::regtype::oid::int, 'mood[]'::regtype::oid::int").fetchone()
    assert row is not None
    right = explained(production, "SELECT * FROM customers WHERE feeling = 'sad'")
    one = twin.plan("SELECT * FROM customers WHERE feeling = $1", [bound(b"sad", binary=True, oid=row[0])])
    assert isinstance(one, Plan)
    assert one.root.rows == right["Plan Rows"]
    binary = struct.pack(">iiIii", 1, 0, row[0], 1, 1) + struct.pack(">i", 3) + b"sad"
    several = twin.plan("SELECT * FROM customers WHERE feeling = ANY ($1)", [bound(binary, binary=True, oid=row[1])])
    assert isinstance(several, Plan), several
    assert several.root.rows == right["Plan Rows"]


def test_without_values_the_plan_is_generic(production: psycopg.Connection[Any], twin: Twin) -> None:
    answer = twin.plan("SELECT * FROM orders WHERE status = $1", None)
    assert isinstance(answer, Plan)
    row = production.execute(
        "EXPLAIN (GENERIC_PLAN, FORMAT JSON, VERBOSE) SELECT * FROM orders WHERE status = $1"
    ).fetchone()
    assert row is not None
    assert answer.root.raw == row[0][0]["Plan"]


def test_a_generic_plan_is_one_statement_too(twin: Twin) -> None:
    answer = twin.plan("SELECT $1::integer; DROP TABLE orders", None)
    assert isinstance(answer, CannotTell)
    assert answer.reason == "it is more than one statement"


def test_copy_is_its_query(production: psycopg.Connection[Any], twin: Twin) -> None:
    for copy, query in (
        ("COPY (SELECT * FROM orders WHERE id < 9) TO STDOUT (FORMAT csv)", "SELECT * FROM orders WHERE id < 9"),
        ("COPY orders (id, total) TO STDOUT", "SELECT id, total FROM ONLY orders"),
        ("copy orders to stdout", "SELECT * FROM ONLY orders"),
    ):
        answer = twin.plan(copy)
        assert isinstance(answer, Plan)
        assert answer.root.raw == explained(production, query)


def test_a_cursor_is_planned_for_its_first_rows(production: psycopg.Connection[Any], twin: Twin) -> None:
    answer = twin.plan("DECLARE c CURSOR FOR SELECT * FROM orders ORDER BY id")
    assert isinstance(answer, Plan)
    assert answer.root.raw == explained(production, "DECLARE c CURSOR FOR SELECT * FROM orders ORDER BY id")


def test_a_prepared_statement_needs_its_text(production: psycopg.Connection[Any], twin: Twin) -> None:
    alone = twin.plan("EXECUTE find(7)")
    assert isinstance(alone, CannotTell)
    assert alone.reason == 'prepared statement "find" does not exist'
    for _ in range(2):
        answer = twin.plan("EXECUTE find(7)", ddl=["PREPARE find(bigint) AS SELECT * FROM orders WHERE id = $1"])
        assert isinstance(answer, Plan)
        assert answer.cost == explained(production, "SELECT * FROM orders WHERE id = 7")["Total Cost"]
