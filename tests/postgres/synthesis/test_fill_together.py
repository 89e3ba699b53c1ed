"""A volume whose rows go together as production's do: within a row, with the parent, and through two keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pytest_prodparity.core.levels import Rows
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.model import Profile, Table
from pytest_prodparity.profile.store import Stored, load, save
from pytest_prodparity.synthesis import build, plan
from tests.postgres.conftest import Production, production_on

SCHEMA = """
CREATE TYPE state AS ENUM ('void', 'draft', 'paid');
CREATE TABLE tenants (id uuid PRIMARY KEY, plan text NOT NULL, seats int NOT NULL);
INSERT INTO tenants SELECT md5(n::text)::uuid, CASE WHEN n <= 6 THEN 'enterprise' WHEN n <= 90 THEN 'team' ELSE 'free' END,
    CASE WHEN n <= 6 THEN 300 WHEN n <= 90 THEN 12 ELSE 2 END FROM generate_series(1, 400) n;
CREATE TABLE users (id bigint PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, handle text NOT NULL, UNIQUE (tenant_id, handle));
INSERT INTO users SELECT row_number() OVER (), t.id, 'u' || k FROM tenants t, LATERAL generate_series(1, t.seats) k;
CREATE TABLE rooms (id bigint PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, topic text);
INSERT INTO rooms SELECT row_number() OVER (), t.id, 'room ' || k FROM tenants t, LATERAL generate_series(1, 1 + t.seats / 3) k;
CREATE TABLE members (room_id bigint NOT NULL REFERENCES rooms, user_id bigint NOT NULL REFERENCES users, tenant_id uuid NOT NULL
    REFERENCES tenants, PRIMARY KEY (room_id, user_id));
INSERT INTO members SELECT r.id, u.id, r.tenant_id FROM rooms r JOIN users u USING (tenant_id) WHERE (r.id * 31 + u.id * 17) % 13 < 2;
CREATE TABLE invoices (id bigint PRIMARY KEY, tenant_id uuid NOT NULL REFERENCES tenants, plan text NOT NULL, state state NOT NULL,
    cents int NOT NULL, paid_at timestamptz, words text NOT NULL);
INSERT INTO invoices SELECT n, t.id, t.plan, (CASE WHEN n % 10 < 7 THEN 'paid' WHEN n % 10 < 9 THEN 'draft' ELSE 'void' END)::state,
    CASE t.plan WHEN 'enterprise' THEN 90000 WHEN 'team' THEN 5000 ELSE 100 END + n % 50, CASE WHEN n % 10 < 7 THEN now() - n * interval '1 hour' END,
    (ARRAY['red', 'green', 'blue', 'grey', 'pink', 'gold'])[1 + n * 7 % 6] || ' ' || chr(97 + n * 5 % 26) || chr(97 + n * 3 % 26) || 'x wooden item of ' || chr(97 + n * 11 % 26)
FROM generate_series(1, 20000) n, LATERAL (SELECT * FROM tenants ORDER BY md5(id::text || n % 2000) LIMIT 1 OFFSET 0) t;
CREATE TABLE payments (id bigint PRIMARY KEY, invoice_id bigint NOT NULL REFERENCES invoices, ok boolean NOT NULL);
INSERT INTO payments SELECT row_number() OVER (), i.id, k = 1 FROM invoices i, LATERAL generate_series(1, 1 + (i.id % 3 = 0)::int) k WHERE i.state = 'paid';
CREATE TABLE exchanges (dial_code text PRIMARY KEY, said text NOT NULL);
INSERT INTO exchanges SELECT 'C' || lpad(n::text, 5, '0') || chr(97 + n % 26), 'it says ' || n FROM generate_series(1, 3000) n;
CREATE TABLE calls (id bigint PRIMARY KEY, dial_code text NOT NULL);
INSERT INTO calls SELECT n, CASE WHEN n % 5 = 0 THEN 'GONE' || n / 5 % 230 ELSE 'C' || lpad((1 + n % 900 * (n % 3))::text, 5, '0') || chr(97 + (1 + n % 900 * (n % 3)) % 26) END
    FROM generate_series(1, 12000) n;
CREATE INDEX ON members (user_id);
CREATE INDEX ON payments (invoice_id);
ANALYZE;
"""


@pytest.fixture(scope="module")
def production(server: Server) -> Iterator[Production]:
    with production_on(server, SCHEMA) as made:
        yield made


@pytest.fixture(scope="module")
def stored(production: Production) -> Stored:
    profile, schema = capture(production.url, keep=["*"], probe_seconds=60)
    return Stored(profile=profile, schema=schema, folder=Path())


@pytest.fixture(scope="module")
def volume(server: Server, stored: Stored) -> Iterator[str]:
    with production_on(server, "") as empty:
        build.fill(empty.url, stored, plan.counts(stored.profile, rows=Rows()), seed=3, server=server)
        yield empty.url


@pytest.fixture(scope="module")
def tenth(server: Server, stored: Stored) -> Iterator[str]:
    with production_on(server, "") as empty:
        build.fill(empty.url, stored, plan.counts(stored.profile, rows=Rows(share=0.1)), seed=3, server=server)
        yield empty.url


def number(dsn: str, query: str) -> float:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return float(row[0] or 0)


def table(profile: Profile, name: str) -> Table:
    found = profile.table(name)
    assert found is not None
    return found


JOINS = [
    "SELECT count(*) FROM tenants t JOIN users u ON u.tenant_id = t.id WHERE t.plan = 'enterprise'",
    "SELECT count(*) FROM tenants t JOIN rooms r ON r.tenant_id = t.id WHERE t.plan = 'free'",
    "SELECT count(*) FROM invoices WHERE state = 'paid' AND paid_at IS NOT NULL",
    "SELECT count(*) FROM invoices WHERE state = 'draft' AND paid_at IS NULL",
    "SELECT count(*) FROM invoices WHERE plan = 'team' AND cents > 4000",
    "SELECT count(*) FROM tenants t JOIN invoices i ON i.tenant_id = t.id AND i.plan = t.plan",
    "SELECT count(*) FROM invoices i JOIN payments p ON p.invoice_id = i.id WHERE i.state = 'paid'",
    "SELECT count(*) FROM invoices WHERE words LIKE '%wooden item%'",
    "SELECT count(*) FROM invoices WHERE words LIKE 'green%'",
    "SELECT count(*) FROM members m JOIN rooms r ON r.id = m.room_id JOIN users u ON u.id = m.user_id AND u.tenant_id = r.tenant_id",
    "SELECT count(*) FROM members m JOIN rooms r ON r.id = m.room_id AND r.tenant_id = m.tenant_id",
    "SELECT count(*) FROM calls JOIN exchanges USING (dial_code)",
]


@pytest.mark.parametrize("query", JOINS)
def test_a_join_has_as_many_rows_as_in_production(production: Production, volume: str, query: str) -> None:
    assert number(volume, query) == pytest.approx(number(production.url, query), rel=0.3)


@pytest.mark.parametrize("query", [query for query in JOINS if "invoices" in query])
def test_a_tenth_has_a_tenth_of_the_rows(production: Production, tenth: str, query: str) -> None:
    assert number(tenth, query) * 10 == pytest.approx(number(production.url, query), rel=0.5)


def test_what_cannot_be_stays_rare(volume: str) -> None:
    assert number(volume, "SELECT avg((state = 'paid' AND paid_at IS NULL)::int) FROM invoices") < 0.01
    unpaid = "SELECT count(*) FROM payments p JOIN invoices i ON i.id = p.invoice_id WHERE i.state <> 'paid'"
    assert number(volume, unpaid) < 0.03 * number(volume, "SELECT count(*) FROM payments")


def test_codes_that_nobody_has_are_as_many_as_in_production(production: Production, volume: str) -> None:
    query = "SELECT avg((NOT EXISTS (SELECT FROM exchanges e WHERE e.dial_code = c.dial_code))::int) FROM calls c"
    assert number(volume, query) == pytest.approx(number(production.url, query), abs=0.08)
    common = "SELECT dial_code FROM calls GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    with psycopg.connect(production.url) as theirs:
        row = theirs.execute(common.encode()).fetchone()
    assert row is not None
    query = f"SELECT count(*) FROM calls WHERE dial_code = '{row[0]}'"
    assert number(volume, query) == pytest.approx(number(production.url, query), rel=0.2)


def test_at_a_tenth_a_key_s_rows_lie_on_as_many_pages(production: Production, tenth: str) -> None:
    query = (
        "SELECT avg(n) FROM (SELECT count(DISTINCT (ctid::text::point)[0]) AS n FROM payments GROUP BY invoice_id) AS k"
    )
    assert number(tenth, query) == pytest.approx(number(production.url, query), rel=0.15)


def test_pages_are_known_to_be_visible(volume: str) -> None:
    """But those of which another session, such as an autovacuum worker, still held a snapshot."""
    visible = "SELECT avg((relallvisible > 0.9 * relpages)::int) FROM pg_class WHERE relkind = 'r' AND relpages > 50"
    assert number(volume, visible) > 0.2


def test_probes_hold_no_values_and_come_back_from_the_file(stored: Stored, tmp_path: Path) -> None:
    invoices, members = table(stored.profile, "invoices").probes, table(stored.profile, "members").probes
    assert invoices is not None
    assert members is not None
    by = {one.column: one for one in invoices.companions}
    assert by["state"].base == ""
    assert all(entry.isdigit() for one in invoices.companions for line in one.counts for entry in line.split())
    assert ("tenant_id", ["room_id"], []) in [
        (one.other_column, one.reference, one.other) for one in members.agreements
    ]
    assert any(one.other and one.column == one.other_column == "tenant_id" for one in members.agreements)
    payments = table(stored.profile, "payments").probes
    assert payments is not None
    assert payments.fan_outs[0].companion is not None
    save(tmp_path, stored.profile, stored.schema)
    assert load(tmp_path).profile.tables == stored.profile.tables
