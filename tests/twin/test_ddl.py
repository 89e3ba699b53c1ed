"""What replaying a test's DDL takes."""

from __future__ import annotations

import pytest

from pytest_prodparity.twin.ddl import parse


@pytest.mark.parametrize(
    ("text", "table", "index"),
    [
        ("CREATE INDEX ON orders (a)", "orders", True),
        (
            "create unique index concurrently if not exists x on only public.orders using btree (a)",
            "public.orders",
            True,
        ),
        ('CREATE INDEX "on" ON "My Schema" . "My ""Table" (a)', '"My Schema"."My ""Table"', True),
        ("CREATE INDEX ON/* x */orders(a)", "orders", True),
        ("ALTER TABLE IF EXISTS ONLY a.b ADD c int", "a.b", False),
        ("CREATE TABLE t (a int)", None, False),
        ("DROP INDEX CONCURRENTLY x", None, False),
    ],
)
def test_the_table_that_a_change_reads(text: str, table: str | None, index: bool) -> None:
    change = parse(text)
    assert (change.table, change.index, change.refused) == (table, index, None)
    assert "concurrently" not in change.text.lower()


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c;", "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c NOT VALID;"),
        (
            "ALTER TABLE a ADD FOREIGN KEY (b, d) REFERENCES c (e, f), ADD g int",
            "ALTER TABLE a ADD FOREIGN KEY (b, d) REFERENCES c (e, f) NOT VALID, ADD g int",
        ),
        ("ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c NOT VALID", "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES c NOT VALID"),
        ("ALTER TABLE a ADD CHECK (b > 1)", "ALTER TABLE a ADD CHECK (b > 1)"),
    ],
)  # fmt: skip
def test_a_foreign_key_is_not_checked(text: str, sent: str) -> None:
    assert parse(text).text == sent


@pytest.mark.parametrize(
    "text", ["", "BEGIN", "COMMIT", "ANALYZE orders", "GRANT SELECT ON a TO b", "COMMENT ON TABLE a IS 'x'"]
)
def test_what_changes_no_plan_is_ignored(text: str) -> None:
    assert parse(text).ignored


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CREATE TABLE a AS SELECT 1", "CREATE TABLE cannot be replayed on the twin"),
        ("CREATE TEMP TABLE a ON COMMIT DROP AS SELECT 1", "CREATE TABLE cannot be replayed on the twin"),
        ("DO 'x'", "DO cannot be replayed on the twin"),
        ("CREATE EXTENSION x", "CREATE EXTENSION cannot be replayed on the twin"),
        ("CREATE MATERIALIZED VIEW a AS SELECT 1", "CREATE MATERIALIZED cannot be replayed on the twin"),
        ("INSERT INTO a VALUES (1)", "INSERT cannot be replayed on the twin"),
    ],
)
def test_what_cannot_be_replayed_says_so(text: str, reason: str) -> None:
    assert parse(text).refused == reason
