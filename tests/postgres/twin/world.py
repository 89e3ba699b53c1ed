"""A production with all that a planner looks at, in one database."""

from __future__ import annotations

import json
from typing import Any

import psycopg
from psycopg import sql

from pytest_prodparity.databases.provider import Server

SETTINGS = {
    "random_page_cost": "1.7",
    "work_mem": "2MB",
    "default_statistics_target": "50",
    "search_path": 'public, "Sales Dept"',
}

STATEMENTS = r'''
CREATE EXTENSION pageinspect; CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gist; CREATE EXTENSION intarray;
CREATE SCHEMA "Sales Dept"; CREATE SCHEMA archive;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS integer NOT NULL CHECK (VALUE > 0);
CREATE FUNCTION tax(numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 0.19';
CREATE FUNCTION forever(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN LOOP END LOOP; END';
CREATE TABLE customers (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, region text, attributes jsonb NOT NULL,
    tags text[], score numeric(8,2), feeling mood, created timestamptz NOT NULL, weight positive,
    shout text GENERATED ALWAYS AS (upper(region)) STORED, doubled numeric GENERATED ALWAYS AS (score * 2) VIRTUAL,
    CHECK (score IS NULL OR score < 1000), CHECK (length(email) > 3));
INSERT INTO customers (email, region, attributes, tags, score, feeling, created, weight)
    SELECT 'user' || g || '@example.org', 'region ' || (g * g) % 7, jsonb_build_object('plan', g % 5, 'k' || g % 50, g),
        ARRAY['t' || g % 11, 't' || g % 13], (g * 7919) % 99999 / 100.0, (ARRAY['sad', 'ok', 'happy']::mood[])[1 + g % 3],
        timestamptz '2020-01-01' + g * interval '1 hour', 1 + g % 90
    FROM generate_series(1, 20000) AS g;
CREATE INDEX customers_attributes ON customers USING gin (attributes);
CREATE INDEX customers_tags ON customers USING gin (tags);
CREATE INDEX customers_email_trgm ON customers USING gin (email gin_trgm_ops);
CREATE INDEX customers_region ON customers USING hash (region);
CREATE INDEX customers_lower ON customers (lower(email), created);
CREATE INDEX customers_happy ON customers (created) WHERE feeling = 'happy';
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers, status text NOT NULL, total numeric(10,2),
    placed timestamptz NOT NULL, city text, country text, during tstzrange);
INSERT INTO orders SELECT g, 1 + (g::bigint * 7919) % 20000, CASE WHEN g % 200 = 0 THEN 'open' WHEN g % 3 = 0 THEN 'sent' ELSE 'paid' END,
        (g % 9973) / 10.0, timestamptz '2021-01-01' + g * interval '3 minutes', 'city ' || g % 40, 'country ' || g % 8,
        tstzrange(timestamptz '2021-01-01' + g * interval '1 minute', timestamptz '2021-01-02' + g * interval '1 minute')
    FROM generate_series(1, 120000) AS g;
CREATE TABLE shifted (gone integer, city text, country text);
INSERT INTO shifted SELECT g, 'city ' || g % 40, 'country ' || g % 8 FROM generate_series(1, 20000) AS g;
ALTER TABLE shifted DROP COLUMN gone;
CREATE STATISTICS shifted_places (ndistinct, dependencies, mcv) ON city, country FROM shifted;
CREATE INDEX orders_placed_brin ON orders USING brin (placed) WITH (pages_per_range = 16);
CREATE INDEX orders_customer ON orders (customer_id) INCLUDE (total);
CREATE INDEX orders_status ON orders (status, placed DESC);
CREATE INDEX orders_open ON orders (total) WHERE status = 'open';
CREATE INDEX orders_during ON orders USING gist (during);
CREATE STATISTICS orders_places (ndistinct, dependencies, mcv) ON city, country FROM orders;
CREATE STATISTICS orders_months ON date_trunc('month', placed, 'UTC'), (total > 100), status FROM orders;
CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, kind text, CHECK (id > 0)) PARTITION BY RANGE (at);
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_other PARTITION OF events DEFAULT;
INSERT INTO events SELECT g, date '2023-01-01' + g % 900, 'kind ' || g % 4 FROM generate_series(1, 60000) AS g;
CREATE INDEX events_at ON events (at, id);
CREATE UNIQUE INDEX events_id ON events (id, at);
CREATE TABLE people (id integer PRIMARY KEY, name text); CREATE TABLE staff (salary integer) INHERITS (people);
INSERT INTO people SELECT g, 'name ' || g FROM generate_series(1, 5000) AS g;
INSERT INTO staff SELECT g, 'name ' || g, g * 10 FROM generate_series(5001, 15000) AS g;
CREATE INDEX staff_salary ON staff (salary);
CREATE TABLE "Sales Dept"."Order %Lines" ("Order Id" bigint, "say ""hi""" text, "select" integer, PRIMARY KEY ("Order Id", "select"));
INSERT INTO "Sales Dept"."Order %Lines" SELECT g / 3, 'text ' || g, g FROM generate_series(1, 30000) AS g;
CREATE INDEX "Weird % Index" ON "Sales Dept"."Order %Lines" ("select") WHERE "Order Id" > 5;
CREATE TABLE archive.orders (id bigint PRIMARY KEY, total integer);
INSERT INTO archive.orders SELECT g, g % 10 FROM generate_series(1, 10000) AS g;
CREATE MATERIALIZED VIEW totals AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id;
CREATE UNIQUE INDEX totals_customer ON totals (customer_id);
CREATE VIEW open_orders AS SELECT o.*, c.email FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE o.status = 'open';
CREATE TABLE notes (id integer PRIMARY KEY, tenant integer NOT NULL, body text);
INSERT INTO notes SELECT g, g % 100, repeat('x', 50) FROM generate_series(1, 20000) AS g;
CREATE INDEX notes_tenant ON notes (tenant);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes TO twin_world_app USING (tenant = current_setting('app.tenant')::integer);
GRANT SELECT ON notes TO twin_world_app;
CREATE UNLOGGED TABLE scratch (id integer, at timestamptz); INSERT INTO scratch SELECT g, now() FROM generate_series(1, 1000) AS g;
CREATE INDEX scratch_id ON scratch (id);
CREATE TABLE nothing (id integer PRIMARY KEY, body text);
CREATE TABLE single (id integer PRIMARY KEY, at date NOT NULL UNIQUE); INSERT INTO single VALUES (1, '2024-01-01');
CREATE TABLE wide (id integer PRIMARY KEY, blob text); INSERT INTO wide
    SELECT g, (SELECT string_agg(md5((g * 100 + n)::text), '') FROM generate_series(1, 100) AS n) FROM generate_series(1, 500) AS g;
'''

QUERIES = (
    "SELECT * FROM customers WHERE id = 77",
    "SELECT * FROM customers WHERE email = 'user12@example.org'",
    "SELECT * FROM customers WHERE lower(email) = 'user12@example.org' ORDER BY created",
    "SELECT * FROM customers WHERE email LIKE '%er12%'",
    'SELECT * FROM customers WHERE attributes @> \'{"plan": 3, "k3": 3}\'',
    "SELECT * FROM customers WHERE tags && ARRAY['t3']",
    "SELECT * FROM customers WHERE tags @> ARRAY['t3', 't9']",
    "SELECT * FROM customers WHERE region = 'region 1'",
    "SELECT * FROM customers WHERE feeling = 'happy' AND created > '2022-04-01'",
    "SELECT shout, doubled, tax(score) FROM customers WHERE doubled > 100",
    "SELECT count(*) FROM customers WHERE shout = 'REGION 1'",
    "SELECT * FROM orders WHERE id < 20",
    "SELECT * FROM orders WHERE id > 119990",
    "SELECT * FROM orders WHERE placed > '2021-09-07'",
    "SELECT * FROM orders WHERE placed BETWEEN '2021-03-01' AND '2021-03-02'",
    "SELECT * FROM orders WHERE status = 'open' ORDER BY placed DESC LIMIT 10",
    "SELECT * FROM orders WHERE status = 'open' AND total > 900",
    "SELECT customer_id, total FROM orders WHERE customer_id BETWEEN 5 AND 50",
    "SELECT * FROM orders WHERE city = 'city 7' AND country = 'country 7'",
    "SELECT city, country, count(*) FROM orders GROUP BY 1, 2",
    "SELECT date_trunc('month', placed, 'UTC'), count(*) FROM orders WHERE total > 100 AND status = 'sent' GROUP BY 1",
    "SELECT * FROM orders WHERE during @> timestamptz '2021-01-20'",
    "SELECT c.region, sum(o.total) FROM orders AS o JOIN customers AS c ON c.id = o.customer_id GROUP BY 1 ORDER BY 2 DESC",
    "SELECT * FROM open_orders WHERE email LIKE 'user1%'",
    "SELECT * FROM customers AS c WHERE NOT EXISTS (SELECT FROM orders AS o WHERE o.customer_id = c.id AND o.total > 990)",
    "SELECT * FROM customers AS c, LATERAL (SELECT * FROM orders AS o WHERE o.customer_id = c.id ORDER BY placed DESC LIMIT 3) AS l WHERE c.id < 9",
    "SELECT * FROM events WHERE at = '2024-03-01'",
    "SELECT * FROM events WHERE at > '2025-06-01' AND id > 59000",
    "SELECT kind, count(*) FROM events GROUP BY kind",
    "SELECT * FROM events_2023 ORDER BY at DESC LIMIT 5",
    "SELECT * FROM people WHERE id = 7",
    "SELECT p.name, s.salary FROM people AS p JOIN staff AS s USING (id) WHERE s.salary > 149000",
    'SELECT * FROM "Sales Dept"."Order %Lines" WHERE "Order Id" = 7',
    'SELECT "say ""hi""" FROM "Order %Lines" WHERE "select" > 29990 AND "Order Id" > 5',
    "SELECT * FROM archive.orders WHERE id > 9990",
    "SELECT * FROM orders AS o JOIN archive.orders AS a USING (id) WHERE a.total = 3",
    "SELECT * FROM totals WHERE customer_id > 19990",
    "SELECT * FROM nothing WHERE id = 3",
    "SELECT * FROM single WHERE at > '2023-12-01'",
    "SELECT * FROM scratch WHERE id > 990",
    "SELECT id, length(blob) FROM wide WHERE id > 480",
    "INSERT INTO orders (id, customer_id, status, placed) VALUES (0, 1, 'open', now()) ON CONFLICT (id) DO UPDATE SET status = 'paid'",
    "UPDATE orders SET status = 'sent' WHERE customer_id = 7",
    "DELETE FROM orders WHERE placed < '2021-01-02'",
    "MERGE INTO archive.orders AS a USING orders AS o ON a.id = o.id WHEN MATCHED THEN UPDATE SET total = 1 WHEN NOT MATCHED THEN DO NOTHING",
    "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t JOIN orders ON id = n",
    "SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY placed) FROM orders WHERE customer_id < 100",
    "DECLARE c CURSOR FOR SELECT * FROM orders ORDER BY customer_id",
    "CREATE TABLE copied AS SELECT * FROM orders WHERE total > 500",
    "SELECT * FROM orders TABLESAMPLE bernoulli (1) WHERE total > 3",
)


def populate(server: Server, database: str) -> None:
    """Make the database, fill it, and ANALYZE it."""
    with psycopg.connect(server.dsn(), autocommit=True) as control:
        if control.execute("SELECT FROM pg_roles WHERE rolname = 'twin_world_app'").fetchone() is None:
            control.execute("CREATE ROLE twin_world_app")
        control.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
        control.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(database)))
    with psycopg.connect(server.dsn(database), autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(STATEMENTS.encode())
        for name, value in SETTINGS.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET {} FROM CURRENT").format(sql.Identifier(database), sql.Identifier(name))
            )
        connection.execute("VACUUM ANALYZE")


def explained(connection: psycopg.Connection[Any], query: str) -> dict[str, Any]:
    """Production's own plan."""
    row = connection.execute(b"EXPLAIN (FORMAT JSON, VERBOSE) " + query.encode()).fetchone()
    assert row is not None
    found = row[0] if isinstance(row[0], list) else json.loads(row[0])
    plan: dict[str, Any] = found[0]["Plan"]
    return plan
