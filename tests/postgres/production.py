"""A production with real rows, large enough for the rules' defaults, and its profile and planner."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import pq, sql

from pytest_prodparity.core.expectation import Expectation
from pytest_prodparity.core.findings import Judgement
from pytest_prodparity.core.rules import RULES
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.model import Column, ColumnStatistics, Index, Profile, Table
from pytest_prodparity.queries.judge import judge
from pytest_prodparity.queries.planning import Plans
from pytest_prodparity.twin.plan import CannotTell, Node, Plan
from pytest_prodparity.wire.trip import Parameter, Trip
from tests.queries.sending import TEST

SCHEMA = '''
CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL, region text);
CREATE TABLE customers (
    id bigint PRIMARY KEY, email varchar(80) NOT NULL UNIQUE, name text NOT NULL, country text, deleted_at timestamptz
);
CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL, price numeric NOT NULL);
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL, total numeric NOT NULL,
    created_at timestamptz NOT NULL, reference varchar(40) NOT NULL, shipped boolean NOT NULL, note text
);
CREATE INDEX orders_reference ON orders (reference);
CREATE INDEX orders_created_at ON orders (created_at);
CREATE TABLE items (
    id bigint PRIMARY KEY, order_id bigint NOT NULL, product_id bigint NOT NULL, quantity int NOT NULL
);
CREATE INDEX items_order_id ON items (order_id);
CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, user_id bigint) PARTITION BY RANGE (at);
CREATE TABLE events_2021 PARTITION OF events FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE events_2022 PARTITION OF events FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE jobs (id bigint PRIMARY KEY, state text NOT NULL, run_at timestamptz NOT NULL);
CREATE INDEX jobs_queued ON jobs (run_at) WHERE state = 'queued';
CREATE SCHEMA "Audit";
CREATE TABLE "Audit"."User Events" ("Id" bigint PRIMARY KEY, "Tenant Id" bigint NOT NULL, "select" text, "50%" int);
CREATE TABLE "Audit".orders (id bigint PRIMARY KEY, what text);
CREATE TABLE "Order ""Lines""" (id bigint PRIMARY KEY, "Order Id" bigint NOT NULL);
CREATE TABLE never_analysed (id bigint, what text);
'''

ROWS = '''
INSERT INTO countries SELECT 'C' || n, 'Country ' || n, 'R' || n % 5 FROM generate_series(1, 200) n;
INSERT INTO customers SELECT n, 'user' || n || '@example.org', 'Name ' || n, 'C' || (1 + n % 200),
    CASE WHEN n % 1000 = 0 THEN timestamptz '2024-01-01' END FROM generate_series(1, 60000) n;
INSERT INTO products SELECT n, 'Product ' || n, n FROM generate_series(1, 1000) n;
INSERT INTO orders SELECT n, 1 + (n * 7919::bigint) % 60000, CASE WHEN n % 5000 = 0 THEN 'open' WHEN n % 3 = 0 THEN 'sent' ELSE 'paid' END,
    n % 997, timestamptz '2021-01-01' + n * interval '5 minutes', 'R-' || n, n % 2000 <> 0, 'note ' || md5(n::text)
    FROM generate_series(1, 300000) n;
INSERT INTO items SELECT n, 1 + (n * 31::bigint) % 300000, 1 + n % 1000, 1 + n % 5 FROM generate_series(1, 400000) n;
INSERT INTO events SELECT n, timestamptz '2021-01-01' + n * interval '7 minutes', CASE WHEN n % 4000 = 0 THEN 'error' ELSE 'view' END,
    n % 20000 FROM generate_series(1, 200000) n;
INSERT INTO jobs SELECT n, CASE WHEN n % 800 = 0 THEN 'queued' ELSE 'done' END, timestamptz '2024-01-01' + n * interval '1 second'
    FROM generate_series(1, 80000) n;
INSERT INTO "Audit"."User Events" SELECT n, n % 20000, 'x', n FROM generate_series(1, 120000) n;
INSERT INTO "Audit".orders SELECT n, 'x' FROM generate_series(1, 100) n;
INSERT INTO "Order ""Lines""" SELECT n, n % 40000 FROM generate_series(1, 120000) n;
'''


class Explaining:
    """A planner that asks the real database, and builds indexes for real, in a transaction that is rolled back."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.asked: list[str] = []

    def plan(self, sql: str, parameters: Sequence[Parameter]) -> Plan | CannotTell:
        self.asked.append(sql)
        result = self._connection.pgconn.exec_params(
            b"EXPLAIN (FORMAT JSON, VERBOSE) " + sql.encode(),
            [each.value for each in parameters],
            [each.oid for each in parameters],
            [int(each.binary) for each in parameters],
        )
        if result.status != pq.ExecStatus.TUPLES_OK:
            return CannotTell(result.error_message.decode().strip())
        value = result.get_value(0, 0)
        assert value is not None
        return Plan(Node(json.loads(value)[0]["Plan"]))

    def generic(self, sql: str) -> Plan | CannotTell:
        try:
            row = self._connection.execute(b"EXPLAIN (FORMAT JSON, VERBOSE, GENERIC_PLAN) " + sql.encode()).fetchone()
        except psycopg.Error as refused:
            return CannotTell(str(refused))
        assert row is not None
        return Plan(Node(row[0][0]["Plan"]))

    def what_if(self, ddl: str, sql: str, parameters: Sequence[Parameter] | None) -> Plan | CannotTell:
        with self._connection.transaction(force_rollback=True):
            try:
                with self._connection.transaction():
                    self._connection.execute(ddl.encode())
            except psycopg.Error as refused:
                return CannotTell(str(refused))
            return self.plan(sql, parameters) if parameters is not None else self.generic(sql)


@dataclass
class Production:
    profile: Profile
    planner: Explaining
    connection: psycopg.Connection[Any]

    def judge(self, *trips: Trip, allow: Sequence[str] = (), test: str = TEST, **more: Any) -> Judgement:
        thresholds = {
            rule: {k.replace("_", "-"): v for k, v in said.items()} for rule, said in more.pop("rules", {}).items()
        }
        assert set(thresholds) <= set(RULES)
        return judge(
            trips, planner=Plans(self.planner, self.profile), profile=self.profile,
            expectation=Expectation(allow=tuple(allow)), thresholds=thresholds, test=test, **more,
        )  # fmt: skip

    def rules(self, *trips: Trip, **more: Any) -> list[str]:
        """`rule:subject` of each finding."""
        return [f"{found.rule}:{found.subject}" for found in self.judge(*trips, **more).findings]


def build(server: Server) -> Production:
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE production")
    connection = psycopg.connect(server.dsn("production"), autocommit=True)
    connection.execute("SET max_parallel_workers_per_gather = 2")
    connection.execute(SCHEMA.encode())
    connection.execute(ROWS.encode())
    connection.execute("VACUUM ANALYZE")
    connection.execute("INSERT INTO never_analysed SELECT n, repeat('x', 80) FROM generate_series(1, 20000) n")
    return Production(read(connection), Explaining(connection), connection)


def read(connection: psycopg.Connection[Any]) -> Profile:
    """A profile as capture would write it, of what these tests need."""
    kinds = {"r": "table", "p": "partitioned"}
    tables = []
    for oid, schema, name, kind, pages, tuples, size, parent in connection.execute(
        """SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpages, c.reltuples, pg_relation_size(c.oid),
               (SELECT pn.nspname || '.' || p.relname FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
                JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE i.inhrelid = c.oid)
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'Audit') ORDER BY c.oid"""
    ).fetchall():
        tables.append(
            Table(
                schema=schema,
                name=name,
                kind="partition" if parent else kinds[kind],
                parent=parent,
                pages=max(pages, 0),
                tuples=tuples,
                size=size,
                columns=_columns(connection, oid, schema, name),
                indexes=_indexes(connection, oid),
            )
        )
    settings = {
        "work_mem": "4MB",
        "hash_mem_multiplier": "2",
        "statement_timeout": "5s",
        "search_path": '"$user", public',
    }
    return Profile(
        captured_at="2026-01-01T00:00:00Z", server_version=180000, database="shop", identity="x", tables=tables,
        schema_sha256="", settings=settings, round_trip_ms=[0.3, 0.5, 0.8, 2.0],
    )  # fmt: skip


def _columns(connection: psycopg.Connection[Any], oid: int, schema: str, table: str) -> list[Column]:
    statistics = {
        row[0]: ColumnStatistics(
            null_frac=row[1], avg_width=row[2], n_distinct=row[3], most_common_vals=row[4], most_common_freqs=row[5],
            histogram_bounds=row[6],
        )
        for row in connection.execute(
            "SELECT attname, null_frac, avg_width, n_distinct, most_common_vals::text::text[], most_common_freqs,"
            " histogram_bounds::text::text[] FROM pg_stats WHERE schemaname = %s AND tablename = %s",
            [schema, table],
        )
    }  # fmt: skip
    return [
        Column(name=name, type=kind, not_null=not_null, statistics=statistics.get(name))
        for name, kind, not_null in connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute"
            " WHERE attrelid = %s AND attnum > 0 ORDER BY attnum",
            [oid],
        )
    ]


def _indexes(connection: psycopg.Connection[Any], oid: int) -> list[Index]:
    found = []
    for index, name, definition, unique, primary, predicate, tuples, count in connection.execute(
        """SELECT i.indexrelid, c.relname, pg_get_indexdef(i.indexrelid), i.indisunique, i.indisprimary,
               pg_get_expr(i.indpred, i.indrelid), c.reltuples, i.indnkeyatts
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = %s ORDER BY c.oid""",
        [oid],
    ).fetchall():
        names = connection.execute(
            "SELECT coalesce((SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[n - 1]"
            " AND attnum > 0), pg_get_indexdef(i.indexrelid, n, true)) FROM pg_index i, generate_series(1, %s) n"
            " WHERE indexrelid = %s ORDER BY n",
            [count, index],
        ).fetchall()
        found.append(
            Index(
                name=name,
                method="btree",
                definition=definition,
                columns=[each for (each,) in names],
                unique=unique,
                primary=primary,
                partial=predicate,
                tuples=tuples,
            )
        )
    return found


def valid(connection: psycopg.Connection[Any], ddl: str) -> bool:
    """Would a user's copy of this statement run? CONCURRENTLY needs no transaction, and is then dropped again."""
    connection.execute(re.sub(r" ON ", " proposed ON ", ddl, count=1).encode())
    schema = connection.execute(
        "SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'proposed'"
    ).fetchone()
    assert schema is not None
    connection.execute(sql.SQL("DROP INDEX {}.proposed").format(sql.SQL(schema[0])))
    return True
