"""The other rules that read production's plans, each with its corrected twin and what only looks like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_prodparity.queries.growth import Growth
from pytest_prodparity.queries.wording import count, duration, timeout
from pytest_prodparity.wire.trip import Trip
from tests.postgres.production import Production
from tests.queries.sending import sent, text, together

Rules = Mapping[str, Mapping[str, float]]


@pytest.mark.parametrize(
    ("sql", "subject"),
    [
        ("SELECT * FROM orders", "orders"),
        ("SELECT id, total FROM orders ORDER BY id", "orders"),
        ("SELECT * FROM orders WHERE status = 'paid'", "orders"),
        ("SELECT o.*, c.name FROM orders o JOIN customers c ON c.id = o.customer_id", "orders"),
        ("SELECT * FROM events", "events"),
        ("SELECT * FROM customers WHERE deleted_at IS NULL", "customers"),
    ],
)
def test_a_whole_table_for_the_client_is_unbounded(production: Production, sql: str, subject: str) -> None:
    found = production.judge(sent(sql, rows=10)).findings
    assert [(each.rule, each.subject) for each in found] == [("unbounded-read", subject)]
    assert "rows, about " in found[0].title


def test_the_title_of_an_unbounded_read_has_rows_and_bytes(production: Production) -> None:
    found = production.judge(sent("SELECT id FROM orders")).findings
    assert found[0].title == "returns 300,000 rows, about 2.4 MB"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM orders LIMIT 100",
        "SELECT * FROM orders ORDER BY id LIMIT 1000",
        "SELECT count(*) FROM orders",
        "SELECT status, count(*) FROM orders GROUP BY status",
        "SELECT * FROM orders WHERE id > 5 ORDER BY id LIMIT 5000",
        "SELECT * FROM products",
        "SELECT date_trunc('month', created_at), status, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2",
        "SELECT * FROM orders WHERE created_at >= '2022-01-01' AND created_at < '2022-01-08'",
        "SELECT EXISTS (SELECT 1 FROM orders)",
        "INSERT INTO jobs SELECT id + 1000000, 'queued', created_at FROM orders",
        "DECLARE everything CURSOR FOR SELECT * FROM orders",
        "COPY orders TO STDOUT",
        "COPY (SELECT * FROM orders) TO STDOUT",
        "REFRESH MATERIALIZED VIEW totals",
    ],
)
def test_bounded_reads_and_exports_are_not(production: Production, sql: str) -> None:
    assert production.rules(sent(sql)) == []


def test_a_portal_that_is_fetched_piece_by_piece_is_not(production: Production) -> None:
    assert production.rules(sent("SELECT * FROM orders", suspended=True)) == []


def test_a_line_that_streams_is_not(production: Production, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(
        "def export(c):\n    for row in c.stream('SELECT * FROM orders'):\n        yield row\n"
    )
    trip = sent("SELECT * FROM orders", at="shop.py:2 export")
    assert production.rules(trip, root=tmp_path) == []


def test_an_offset_that_skips_many_rows_is_deep(production: Production) -> None:
    found = production.judge(sent("SELECT * FROM orders ORDER BY id LIMIT $1 OFFSET $2", 20, 100_000)).findings
    assert [(each.rule, each.subject, each.title) for each in found] == [
        ("deep-offset", "orders", "reads 100,000 rows to skip them")
    ]
    assert "100000" not in (found[0].statement or "")


def test_the_first_pages_are_not_deep(production: Production) -> None:
    assert production.rules(sent("SELECT * FROM orders ORDER BY id LIMIT 20 OFFSET 40")) == []


PAGER = """
def export(connection):
    offset = 0
    while rows := connection.execute("…", [offset]):
        offset += 10
    return offset

def page(connection, number):
    return connection.execute("…", [number * 10])
"""


def test_a_loop_that_pages_by_offset_reaches_the_end_in_production(production: Production, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(PAGER)
    sql = "SELECT * FROM orders ORDER BY id LIMIT 10 OFFSET $1"
    trips = [sent(sql, offset, at="shop.py:4 export") for offset in (0, 10, 20)]
    found = production.judge(*trips, root=tmp_path).findings
    assert [(each.rule, each.title) for each in found] == [
        ("deep-offset", "pages through 300,000 rows by OFFSET: the last page skips them all")
    ]
    calls = [sent(sql, offset, at="shop.py:9 page") for offset in (0, 10, 20)]
    assert production.rules(*calls, root=tmp_path) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM orders, customers WHERE orders.status = 'paid'",
        "SELECT o.id FROM orders o, items i WHERE o.total > 5 AND i.quantity > 2",
        "SELECT o.id, p.name FROM orders o JOIN items i ON i.order_id = o.id, products p WHERE o.status = 'paid'",
    ],
)
def test_a_forgotten_join_condition_is_a_product(production: Production, sql: str) -> None:
    rules = production.rules(sent(sql))
    assert [each.partition(":")[0] for each in rules] == ["cartesian-join"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id",
        "SELECT count(*) FROM orders CROSS JOIN generate_series(1, 100) n",
        "SELECT count(*) FROM products, LATERAL (SELECT max(id) FROM items WHERE items.product_id = 5) x",
        "SELECT count(*) FROM orders, (SELECT max(total) AS m FROM orders) x WHERE total = m",
        "SELECT count(*) FROM products, (VALUES (1), (2), (3)) v",
        "SELECT count(*) FROM countries a, countries b",
        "SELECT count(*) FROM orders o JOIN items i ON i.order_id = o.id WHERE o.id = 5",
        "SELECT o.id FROM orders o JOIN customers c ON o.customer_id = c.id WHERE c.id = 7 AND o.customer_id = 7",
        "SELECT a.id FROM items a JOIN items b ON a.product_id = b.product_id AND a.id < b.id WHERE a.product_id = 7",
        "WITH one AS (SELECT count(*) AS n FROM orders) SELECT i.id / n FROM items i, one LIMIT 5",
        "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM items)",
    ],
)
def test_joins_by_key_and_meant_products_are_not(production: Production, sql: str) -> None:
    assert [each for each in production.rules(sent(sql)) if each.startswith("cartesian")] == []


@pytest.mark.parametrize(
    ("sql", "subject", "index"),
    [
        (
            "SELECT c.id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) FROM customers c LIMIT 5000",
            "orders", "(customer_id)",
        ),
        (
            "SELECT c.id FROM customers c WHERE (SELECT max(o.total) FROM orders o WHERE o.customer_id = c.id) > 900",
            "orders", "(customer_id)",
        ),
        ("SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM orders)", "orders", None),
        ("SELECT count(*) FROM customers a JOIN orders b ON a.id < b.customer_id", None, None),
        ("SELECT count(*) FROM customers a JOIN orders b ON a.id = b.customer_id OR a.name = b.note", None, None),
    ],
)  # fmt: skip
def test_work_that_is_a_product_is_quadratic(
    production: Production, sql: str, subject: str | None, index: str | None
) -> None:
    production.connection.execute("SET work_mem = '64kB'; SET enable_indexscan = on")
    try:
        found = production.judge(sent(sql)).findings
    finally:
        production.connection.execute("SET work_mem = '4MB'")
    assert [each.rule for each in found] == ["quadratic"]
    if subject:
        assert found[0].subject == subject
    remedy = found[0].remedy
    assert remedy is not None
    if index:
        assert remedy.sql is not None
        assert index in remedy.sql


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT o.id, (SELECT count(*) FROM items i WHERE i.order_id = o.id) FROM orders o LIMIT 1000",
        "SELECT c.id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)",
        "SELECT code FROM countries WHERE code NOT IN (SELECT country FROM customers)",
        "SELECT o.id, (SELECT name FROM countries n WHERE n.code = c.country) FROM orders o JOIN customers c ON c.id = o.id LIMIT 9",
        "SELECT c.country, count(*) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.country",
        "SELECT * FROM products p JOIN countries c ON p.price < length(c.name)",
        "SELECT count(*) FROM orders WHERE total > (SELECT avg(total) FROM orders)",
    ],
)
def test_joins_that_read_each_table_once_are_not_quadratic(production: Production, sql: str) -> None:
    assert [each for each in production.rules(sent(sql)) if each.startswith("quadratic")] == []


SPILLS: Rules = {"spill": {"factor": 3, "mb": 8}, "unbounded-read": {"rows": 10_000_000}}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id, note FROM orders ORDER BY note, total",
        "SELECT DISTINCT note, total FROM orders",
        "SELECT id, row_number() OVER (PARTITION BY note ORDER BY total) FROM orders",
    ],
)
def test_a_sort_many_times_larger_than_memory_spills(production: Production, sql: str) -> None:
    found = production.judge(sent(sql), rules=SPILLS).findings
    assert [each.rule for each in found] == ["spill"]
    assert "of memory" in found[0].title
    assert production.rules(sent(sql), rules={"unbounded-read": {"rows": 10_000_000}}) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id, note FROM orders ORDER BY note, total LIMIT 20",
        "SELECT id FROM orders ORDER BY id",
        "SELECT status, count(*) FROM orders GROUP BY status",
    ],
)
def test_top_n_and_small_groups_do_not_spill(production: Production, sql: str) -> None:
    rules: Rules = {**SPILLS, "seq-scan": {"rows": 10_000_000}}
    assert production.rules(sent(sql), rules=rules) == []


def test_code_that_asks_for_memory_of_its_own_does_not_spill(production: Production) -> None:
    sql = "SELECT id, note FROM orders ORDER BY note, total"
    assert production.rules(sent("SET LOCAL work_mem = '1GB'"), sent(sql), rules=SPILLS) == []


ORDERS = "SELECT status, sum(total) FROM orders GROUP BY status"


def taking(seconds: float, sql: str = ORDERS, error: str | None = None) -> Trip:
    made = sent(sql, sqlstate=None if error is None else "57014")
    statement = replace(made.statements[0], error=error)
    return replace(made, ended=made.started + seconds, statements=(statement,))


def titles(production: Production, trip: Trip, growth: Growth) -> list[str]:
    return [found.title for found in production.judge(trip, growth=growth).findings if found.rule == "timeout"]


def test_a_measured_time_is_carried_over_to_production_s_rows(production: Production) -> None:
    rows = production.profile.table("public.orders")
    assert rows is not None
    limit = timeout(production.profile)
    assert limit is not None
    here = {"public.orders": round(rows.rows / 8)}
    fewer = {"public.orders": round(rows.rows / 32)}
    linear = Growth(rows=here, fewer=fewer, trips=[taking(limit / 20)])
    found = titles(production, taking(limit / 5), linear)
    assert len(found) == 1
    assert (
        f"it took {duration(limit / 5)} with {count(here['public.orders'])} of {count(rows.rows)} rows of orders"
        in found[0]
    )
    assert titles(production, taking(limit / 5), Growth(rows=here, fewer=fewer, trips=[taking(limit / 5)])) == []
    assert titles(production, taking(limit / 5), Growth(rows=here)) == []


def test_what_the_test_s_own_limit_has_ended_would_end_in_production(production: Production) -> None:
    growth = Growth(rows={"public.orders": 1000})
    found = titles(production, taking(5.0, error="canceling statement due to statement timeout"), growth)
    assert [title.partition(" with")[0] for title in found] == ["was ended after 5 s"]
    assert titles(production, taking(5.0, error="canceling statement due to user request"), growth) == []
    assert titles(production, taking(0.2, error="canceling statement due to statement timeout"), growth) == []
    assert titles(production, taking(5.0, error="canceling statement due to statement timeout"), Growth(rows={})) == []


def test_an_estimate_far_over_the_timeout_is_found_and_one_near_it_is_not(production: Production) -> None:
    sql = "SELECT status, sum(total) FROM orders o JOIN items i ON i.order_id = o.id GROUP BY status"
    tight: Rules = {"timeout": {"margin": 0.01}}
    assert production.rules(sent(sql), rules=tight) == ["timeout:items"] or production.rules(
        sent(sql), rules=tight
    ) == ["timeout:orders"]
    assert production.rules(sent(sql)) == []
    assert production.rules(sent("SET statement_timeout = 0"), sent(sql), rules=tight) == []


@pytest.mark.parametrize(
    ("sql", "subject"),
    [
        ("UPDATE orders SET note = $1", "orders"),
        ("DELETE FROM orders", "orders"),
        ("DELETE FROM orders WHERE true", "orders"),
        ("DELETE FROM orders WHERE status = status", "orders"),
        ("UPDATE items i SET quantity = 1 FROM products p WHERE p.id = i.product_id", "items"),
        ("UPDATE orders SET note = 'x' WHERE 1 = 1 RETURNING id", "orders"),
        ("WITH gone AS (SELECT 1 WHERE false) UPDATE public.orders SET note = 'x'", "orders"),
        ('DELETE FROM ONLY "Audit"."User Events"', "Audit.User Events"),
    ],
)
def test_a_write_to_every_row_is_found(production: Production, sql: str, subject: str) -> None:
    assert production.rules(sent(sql)) == [f"write-without-where:{subject}"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE orders SET note = $1 WHERE id = 5",
        "UPDATE items i SET quantity = 1 FROM orders o WHERE o.id = i.order_id AND o.id = 7",
        "UPDATE orders SET note = 'x' WHERE id > 0",
        "DELETE FROM countries",
        "DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE id < 500 LIMIT 100)",
        "DELETE FROM orders USING customers WHERE customers.id = orders.id AND customers.id < 50",
        "TRUNCATE orders",
        "INSERT INTO countries VALUES ('C1', 'x') ON CONFLICT (code) DO UPDATE SET name = 'y'",
        "DELETE FROM jobs WHERE state = 'done' AND id < 100",
    ],
)
def test_writes_with_a_condition_and_to_small_tables_are_not(production: Production, sql: str) -> None:
    assert production.rules(sent(sql)) == []


def test_the_tests_own_clean_up_is_not_accused(production: Production) -> None:
    trip = sent("DELETE FROM orders", at="tests/test_shop.py:9 test_shop", stack=())
    assert production.rules(trip) == []


def test_each_statement_is_reported_once_by_its_most_specific_rule(production: Production) -> None:
    found = production.judge(
        sent("UPDATE orders SET note = 'x' WHERE 1 = 1"), rules={"timeout": {"margin": 0.001}}
    ).findings
    assert [each.rule for each in found] == ["write-without-where"]
    assert [also["rule"] for also in found[0].details["also"]] == ["timeout"]


def test_what_is_allowed_is_told_apart_and_lets_the_next_rule_speak(production: Production) -> None:
    sql = "SELECT * FROM orders WHERE customer_id = $1"
    for allow in (["seq-scan"], ["seq-scan:orders"], ["seq-scan:public.orders"], ["seq-scan:ord*"]):
        judgement = production.judge(sent(sql, 5), allow=allow)
        assert judgement.findings == ()
        assert [each.rule for each in judgement.allowed] == ["seq-scan"]
    assert production.rules(sent(sql, 5), allow=["seq-scan:Audit.orders"]) == ["seq-scan:orders"]


def test_no_value_reaches_a_finding(production: Production) -> None:
    trips = [
        sent("SELECT * FROM orders WHERE note = 'secret-one' AND customer_id = 918273"),
        sent("SELECT * FROM orders WHERE reference || $1 = $2", "secret-two", "secret-three", at="shop/orders.py:50 f"),
        sent("UPDATE orders SET note = 'secret-four'"),
    ]
    judgement = production.judge(*trips)
    assert len(judgement.findings) == 3
    shown = repr([*(each.to_json() for each in judgement.findings), *judgement.untold])
    assert "secret" not in shown
    assert "918273" not in shown


def test_a_table_that_production_never_analysed_is_not_judged(production: Production) -> None:
    judgement = production.judge(sent("SELECT * FROM never_analysed WHERE id = $1", 5))
    assert judgement.findings == ()
    assert [each.reason for each in judgement.untold] == ["public.never_analysed was never analysed in production"]
    assert judgement.statements == 0


def test_a_table_that_could_not_be_read_at_capture_is_not_judged(production: Production) -> None:
    hidden = [replace(each, readable=each.name != "orders") for each in production.profile.tables]
    blind = Production(replace(production.profile, tables=hidden), production.planner, production.connection)
    judgement = blind.judge(sent("SELECT * FROM orders WHERE customer_id = $1", 5))
    assert judgement.findings == ()
    assert [each.reason for each in judgement.untold] == [
        "public.orders could not be read when production was captured"
    ]


def test_a_temporary_table_cannot_be_told(production: Production) -> None:
    judgement = production.judge(sent("CREATE TEMP TABLE basket (id int)"), sent("SELECT * FROM basket"))
    assert [each.statement for each in judgement.untold] == ["SELECT * FROM basket"]


def test_a_failed_statement_is_not_judged(production: Production) -> None:
    judgement = production.judge(sent("SELECT * FROM orders WHERE customer_id = $1", 5, sqlstate="22012"))
    assert (judgement.findings, judgement.untold, judgement.statements) == ((), (), 0)


def test_a_statement_that_took_too_long_is_judged(production: Production) -> None:
    judgement = production.judge(sent("SELECT * FROM orders WHERE customer_id = $1", 5, sqlstate="57014"))
    assert judgement.statements == 1
    assert judgement.findings


def test_the_worst_of_a_few_parameter_sets_is_judged(production: Production) -> None:
    sql = "SELECT * FROM orders WHERE created_at >= $1"
    narrow, wide = sent(sql, "2023-11-06"), sent(sql, "2021-01-01")
    assert production.rules(narrow) == []
    assert production.rules(narrow, wide) == ["unbounded-read:orders"]


def test_a_pipeline_of_statements_is_judged_one_by_one(production: Production) -> None:
    trip = together(
        sent("SELECT * FROM orders WHERE id = $1", 5), sent("SELECT * FROM orders WHERE customer_id = $1", 5)
    )
    assert production.rules(trip) == ["seq-scan:orders"]
    assert text(None).value is None
