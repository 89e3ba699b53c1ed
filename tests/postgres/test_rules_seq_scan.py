"""`seq-scan` on a real planner: the faulty ones, and the many that only look like it."""

from __future__ import annotations

import pytest

from tests.postgres.production import Production, valid
from tests.queries.sending import sent

FAULTY = [
    ("equal", "SELECT * FROM orders WHERE customer_id = $1", (42,), "orders", "(customer_id)"),
    (
        "two columns", "SELECT * FROM orders WHERE customer_id = $1 AND status = $2", (42, "paid"), "orders",
        "(customer_id)",
    ),
    ("rare value", "SELECT * FROM orders WHERE status = $1", ("open",), "orders", "(status)"),
    ("count", "SELECT count(*) FROM orders WHERE customer_id = $1", (42,), "orders", "(customer_id)"),
    ("newest", "SELECT * FROM orders ORDER BY total DESC LIMIT 20", (), "orders", "(total)"),
    (
        "newest of one", "SELECT * FROM items WHERE product_id = $1 ORDER BY quantity DESC LIMIT 5", (7,), "items",
        "(product_id",
    ),
    (
        "join", "SELECT o.* FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.email = $1",
        ("user7@example.org",), "orders", "(customer_id)",
    ),
    ("update", "UPDATE orders SET note = $1 WHERE customer_id = $2", ("x", 42), "orders", "(customer_id)"),
    ("delete", "DELETE FROM orders WHERE customer_id = $1", (42,), "orders", "(customer_id)"),
    ("unshipped", "SELECT * FROM orders WHERE NOT shipped", (), "orders", "NOT shipped"),
    ("null", "SELECT * FROM customers WHERE deleted_at IS NOT NULL AND country = $1", ("C7",), "customers", "(country)"),
    (
        "newest of partitions", "SELECT * FROM events WHERE kind = $1 ORDER BY id DESC LIMIT 5", ("view",), "events",
        "(kind, id)",
    ),
    ("partitions", "SELECT * FROM events WHERE kind = $1", ("error",), "events", "(kind)"),
    (
        "quoted", 'SELECT * FROM "Audit"."User Events" WHERE "Tenant Id" = $1', (5,), "Audit.User Events",
        '"Audit"."User Events" ("Tenant Id")',
    ),
    ("quotes", 'SELECT * FROM "Order ""Lines""" WHERE "Order Id" = $1', (5,), 'Order "Lines"', '"Order ""Lines""" ("Order Id")'),
    ("lower", "SELECT * FROM customers WHERE lower(email) = $1", ("user7@example.org",), "customers", "(lower("),
    ("exists", "SELECT EXISTS (SELECT 1 FROM orders WHERE customer_id = $1)", (42,), "orders", "(customer_id)"),
    ("greatest", "SELECT max(total) FROM orders", (), "orders", "(total)"),
    ("least of one", "SELECT min(total) FROM orders WHERE customer_id = $1", (42,), "orders", "(customer_id"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "values", "subject", "keys"), [case[1:] for case in FAULTY], ids=[case[0] for case in FAULTY]
)
def test_found_with_an_index_that_is_proven_and_runs(
    production: Production, sql: str, values: tuple[object, ...], subject: str, keys: str
) -> None:
    judgement = production.judge(sent(sql, *values))
    found = judgement.findings
    assert [(each.rule, each.subject) for each in found] == [("seq-scan", subject)]
    remedy = found[0].remedy
    assert remedy is not None
    assert remedy.sql is not None
    assert keys in remedy.sql
    assert remedy.proof is not None
    assert valid(production.connection, remedy.sql)
    assert judgement.untold == ()


REWRITES = [
    ("cast to date", "SELECT * FROM orders WHERE created_at::date = $1", ("2022-01-01",), "created_at >= day"),
    ("cast to text", "SELECT * FROM orders WHERE id::text = $1", ("42",), "pass the value as bigint"),
    ("float for bigint", "SELECT * FROM orders WHERE id = $1::float8", (42,), "cast to double precision"),
    ("numeric for bigint", "SELECT * FROM orders WHERE customer_id = $1::numeric", (42,), "pass the value as bigint"),
    ("contains", "SELECT * FROM orders WHERE note LIKE '%' || $1 || '%'", ("zz",), "pg_trgm"),
    ("contains any case", "SELECT * FROM customers WHERE name ILIKE $1", ("%zz%",), "pg_trgm"),
    ("contains, newest first", "SELECT * FROM orders WHERE note LIKE '%zz%' ORDER BY total LIMIT 10", (), "pg_trgm"),
    ("random", "SELECT * FROM orders ORDER BY random() LIMIT 5", (), "TABLESAMPLE"),
    ("or", "SELECT * FROM orders WHERE customer_id = $1 OR note = $2", (42, "x"), "An OR"),
]


@pytest.mark.parametrize(("sql", "values", "text"), [case[1:] for case in REWRITES], ids=[case[0] for case in REWRITES])
def test_the_remedy_fits_the_cause(production: Production, sql: str, values: tuple[object, ...], text: str) -> None:
    found = production.judge(sent(sql, *values)).findings
    assert [each.rule for each in found] == ["seq-scan"]
    assert found[0].remedy is not None
    assert text in found[0].remedy.text


INNOCENT = [
    ("key", "SELECT * FROM orders WHERE id = $1", (42,)),
    ("index", "SELECT * FROM orders WHERE reference = $1", ("R-42",)),
    ("keys", "SELECT * FROM orders WHERE id IN (1, 2, 3)", ()),
    ("array", "SELECT * FROM orders WHERE id = ANY($1)", ("{1,2,3}",)),
    ("small table", "SELECT * FROM countries WHERE region = $1", ("R1",)),
    ("small table whole", "SELECT * FROM countries", ()),
    ("report of all", "SELECT status, count(*), sum(total) FROM orders GROUP BY status", ()),
    (
        "report by join",
        "SELECT c.country, sum(o.total) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY c.country", (),
    ),
    (
        "report of a quarter of the rows",
        "SELECT sum(total) FROM orders WHERE status = 'sent' AND total > 250", (),
    ),
    ("count of all", "SELECT count(*) FROM orders", ()),
    ("greatest with index", "SELECT max(created_at) FROM orders", ()),
    ("greatest of each", "SELECT status, max(total) FROM orders GROUP BY status", ()),
    ("both ends and a sum", "SELECT min(total), max(total), sum(total) FROM orders", ()),
    ("first page", "SELECT * FROM orders ORDER BY id LIMIT 20", ()),
    ("newest with index", "SELECT * FROM orders ORDER BY created_at DESC LIMIT 20", ()),
    ("any row", "SELECT * FROM orders LIMIT 1", ()),
    ("any common row", "SELECT 1 FROM orders WHERE status = $1 LIMIT 1", ("paid",)),
    ("exists common", "SELECT EXISTS (SELECT 1 FROM orders WHERE status = $1)", ("paid",)),
    ("keyset", "SELECT * FROM orders WHERE id > $1 ORDER BY id LIMIT 100", (500,)),
    ("range by index", "SELECT * FROM orders WHERE created_at >= $1 AND created_at < $2", ("2022-01-01", "2022-01-02")),
    ("queue", "SELECT * FROM jobs WHERE state = 'queued' ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED", ()),
    ("one partition by pruning", "SELECT count(*) FROM events WHERE at >= '2022-01-01' AND at < '2022-12-31'", ()),
    ("join by index", "SELECT i.* FROM orders o JOIN items i ON i.order_id = o.id WHERE o.id = $1", (42,)),
    ("update by key", "UPDATE orders SET note = $1 WHERE id = $2", ("x", 42)),
    ("upsert", "INSERT INTO countries VALUES ($1, $2) ON CONFLICT (code) DO UPDATE SET name = excluded.name", ("C1", "x")),
    ("insert", "INSERT INTO jobs VALUES ($1, 'queued', now())", (-1,)),
    (
        "anti join report",
        "SELECT c.id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)", (),
    ),
    ("recursion", "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100) SELECT * FROM n", ()),
    (
        "distinct page of a join",
        "SELECT DISTINCT c.* FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY c.name, c.id LIMIT 100", (),
    ),
    ("a constant with its partial index", "SELECT * FROM jobs WHERE state = 'queued' ORDER BY run_at LIMIT $1", (50,)),
    ("most of a range", "SELECT count(*) FROM orders WHERE total < 900", ()),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "values"), [case[1:] for case in INNOCENT], ids=[case[0] for case in INNOCENT])
def test_not_accused(production: Production, sql: str, values: tuple[object, ...]) -> None:
    judgement = production.judge(sent(sql, *values))
    assert judgement.findings == ()
    assert judgement.untold == ()
    assert judgement.statements == 1
