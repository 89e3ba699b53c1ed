"""What a real schema adds to the texts of statements."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.races.footprint import Knowledge, Relations
from pytest_prodparity.races.relations import QUERY, relations

SCHEMA = """
CREATE TABLE account (id int PRIMARY KEY, owner int, balance int);
CREATE TABLE payment (id serial PRIMARY KEY, account int REFERENCES account, note text);
CREATE TABLE refund (id serial PRIMARY KEY, payment int REFERENCES payment ON DELETE CASCADE);
CREATE TABLE audit (said text, at timestamptz DEFAULT now());
CREATE TABLE plain (id int PRIMARY KEY, n int CHECK (n > 0));
CREATE TABLE strange (id int);
CREATE TABLE booking (id int PRIMARY KEY, room int UNIQUE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE event (at date, what text) PARTITION BY RANGE (at);
CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE VIEW rich AS SELECT id FROM account WHERE balance > 1000;
CREATE VIEW richer AS SELECT id FROM rich;
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.note IS NOT NULL THEN INSERT INTO audit (said) VALUES (NEW.note); END IF;
  NEW.note := lower(NEW.note);
  RETURN NEW;
END $$;
CREATE TRIGGER noted BEFORE INSERT ON payment FOR EACH ROW EXECUTE FUNCTION noted();
CREATE FUNCTION dark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELECT 1'; RETURN NULL; END $$;
CREATE TRIGGER dark AFTER INSERT ON strange FOR EACH ROW EXECUTE FUNCTION dark();
CREATE FUNCTION owed(who int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE total bigint;
BEGIN
  SELECT sum(balance) INTO total FROM account WHERE owner = who;
  RETURN coalesce(total, 0);
END $$;
CREATE FUNCTION pay(who int) RETURNS void LANGUAGE sql AS $$
UPDATE account SET balance = balance - owed(who)::int WHERE owner = who $$;
"""


@pytest.fixture(scope="module")
def schema(server: Server) -> Iterator[Relations]:
    name = sql.Identifier("races_relations")
    with psycopg.connect(server.dsn(), autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(name))
        with psycopg.connect(server.dsn("races_relations"), autocommit=True) as inside:
            inside.execute(SCHEMA)
            found = relations(inside.execute(QUERY).fetchall())
        yield found
        owner.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def touched(schema: Relations, text: str) -> tuple[set[str], set[str], bool]:
    reads, writes, everything = Knowledge(relations=schema).touched(text)
    return set(reads), set(writes), everything


def test_a_view_reads_its_tables_also_through_another_view(schema: Relations) -> None:
    assert touched(schema, "SELECT id FROM richer") == ({"richer", "rich", "account"}, set(), False)


def test_a_child_locks_its_parent_and_a_trigger_writes_its_table(schema: Relations) -> None:
    _, writes, everything = touched(schema, "INSERT INTO payment (account, note) VALUES ($1, $2)")

    assert writes == {"payment", "account", "audit"}
    assert not everything


def test_only_the_end_of_a_key_is_looked_for_among_the_children(schema: Relations) -> None:
    assert touched(schema, "UPDATE account SET balance = balance - 1 WHERE id = $1")[1] == {"account"}
    assert touched(schema, "UPDATE account SET balance = 1, id = $1 WHERE id = $2")[1] == {
        "account",
        "payment",
        "refund",
    }
    assert touched(schema, "DELETE FROM account WHERE id = $1")[1] == {"account", "payment", "refund"}
    assert touched(schema, "INSERT INTO account (id) VALUES ($1)")[1] == {"account"}
    upsert = (
        "INSERT INTO account (id, balance) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET balance = excluded.balance"
    )
    assert touched(schema, upsert)[1] == {"account"}


def test_a_partition_is_its_table(schema: Relations) -> None:
    assert "event_2026" in touched(schema, "SELECT what FROM event")[0]
    assert "event" in touched(schema, "INSERT INTO event_2026 (at, what) VALUES ($1, $2)")[1]


def test_a_trigger_that_cannot_be_read_touches_everything(schema: Relations) -> None:
    assert touched(schema, "INSERT INTO strange (id) VALUES (1)")[2]
    assert not touched(schema, "SELECT id FROM strange")[2]
    assert not touched(schema, "INSERT INTO plain (id, n) VALUES (1, 1)")[2]


def test_a_function_is_as_its_body_says_with_those_that_it_calls(schema: Relations) -> None:
    assert touched(schema, "SELECT owed(7)") == ({"account"}, set(), False)
    assert touched(schema, "SELECT pay(7)") == ({"account"}, {"account"}, False)


def test_what_is_not_in_the_schema_touches_everything(schema: Relations) -> None:
    assert touched(schema, "SELECT id FROM nowhere")[2]
    assert touched(schema, "SELECT unheard_of(1)")[2]
    assert not touched(schema, "WITH due AS (SELECT id FROM account) SELECT * FROM due")[2]
    assert not touched(schema, "SELECT count(*) FROM pg_class")[2]


def test_constraints_that_are_checked_at_commit_are_known(schema: Relations) -> None:
    assert set(schema.deferred or ()) == {"booking"}
