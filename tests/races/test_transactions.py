"""Which trips nobody else can see, and at which level a transaction runs, from texts alone."""

from __future__ import annotations

import pytest

from pytest_prodparity.races.transactions import Transactions, ends

INTROSPECTION = """WITH RECURSIVE typeinfo_tree(oid, ns, name) AS (
    SELECT ti.oid, ti.ns, ti.name FROM (SELECT t.oid AS oid FROM pg_catalog.pg_type AS t INNER JOIN pg_catalog.pg_namespace AS ns ON true) AS ti
    UNION ALL SELECT ti.oid FROM (SELECT 1 FROM pg_catalog.pg_type) AS ti, typeinfo_tree AS tt
) SELECT DISTINCT *, 1 FROM typeinfo_tree ORDER BY depth DESC"""


def at(*before: str, usual: str = "read committed", state: str = "T") -> Transactions:
    """In the middle of what these statements have begun."""
    found = Transactions(usual)
    for sql in before:
        found.sent([sql])
        found.answered(state)
    return found


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("BEGIN", "I"), ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE", "I"), ("COMMIT", "I"), ("rollback;", "I"),
        ("SET search_path TO a", "T"), ("show transaction isolation level", "I"), ("SAVEPOINT a", "T"),
        ("RELEASE SAVEPOINT a", "T"), ("DISCARD ALL", "I"), ("SELECT 1", "I"), ("select pg_catalog.version()", "I"),
        ("SELECT pg_advisory_unlock_all()", "I"), (INTROSPECTION, "T"), ("-- nothing", "T"), ("ROLLBACK", "E"),
        ("/* a */ begin", "I"),
    ],
)  # fmt: skip
def test_what_nobody_else_can_see_is_no_step(sql: str, state: str) -> None:
    assert at().passes([sql], state)


@pytest.mark.parametrize(
    ("sql", "state"),
    [
        ("COMMIT", "T"), ("ROLLBACK", "T"), ("ROLLBACK TO SAVEPOINT a", "E"), ("SELECT 1 FROM account", "I"),
        ("SELECT nextval('a')", "I"), ("SET CONSTRAINTS ALL IMMEDIATE", "T"), ("LOCK TABLE account", "T"),
        ("SELECT pg_advisory_lock(1)", "I"), ("SELECT * FROM account, pg_catalog.pg_class", "I"), ("WITH a AS (DELETE FROM t) SELECT 1", "I"),
        ("SELECT 1 FROM pg_class FOR UPDATE", "I"), ("PREPARE TRANSACTION 'a'", "T"), ("COMMIT PREPARED 'a'", "T"),
    ],
)  # fmt: skip
def test_what_others_can_see_is_a_step(sql: str, state: str) -> None:
    assert not at().passes([sql], state)


def test_a_failed_transaction_with_a_savepoint_may_still_have_locks() -> None:
    assert not at("BEGIN", "SAVEPOINT a").passes(["ROLLBACK"], "E")


def test_several_statements_are_a_step_where_one_of_them_is() -> None:
    assert at().passes(["BEGIN", "SET LOCAL statement_timeout = 0"], "I")
    assert not at().passes(["BEGIN", "UPDATE account SET id = 1"], "I")


def test_the_first_statement_takes_the_snapshot_whatever_it_asks() -> None:
    transaction = at("BEGIN ISOLATION LEVEL REPEATABLE READ")
    assert not transaction.passes(["SELECT 1"], "T")

    transaction.sent(["SELECT 1"])
    transaction.answered("T")

    assert transaction.passes(["SELECT 1"], "T")


@pytest.mark.parametrize(
    ("before", "level"),
    [
        ((), "read committed"),
        (("BEGIN ISOLATION LEVEL SERIALIZABLE",), "serializable"),
        (("BEGIN", "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"), "repeatable read"),
        (("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE", "BEGIN"), "serializable"),
        (("SET default_transaction_isolation TO 'repeatable read'", "BEGIN"), "repeatable read"),
        (("SET SESSION default_transaction_isolation = serializable", "BEGIN READ WRITE"), "serializable"),
        (("SET default_transaction_isolation TO 'serializable'", "RESET ALL", "BEGIN"), "read committed"),
        (("BEGIN TRANSACTION READ ONLY, ISOLATION LEVEL READ UNCOMMITTED",), "read committed"),
    ],
)
def test_the_level_of_a_transaction(before: tuple[str, ...], level: str) -> None:
    assert at(*before).isolation == level


def test_a_level_of_one_transaction_ends_with_it() -> None:
    transaction = at("BEGIN ISOLATION LEVEL SERIALIZABLE", usual="repeatable read")
    transaction.sent(["COMMIT"])
    transaction.answered("I")

    assert transaction.isolation_of(["SELECT"], "I") == "repeatable read"
    assert transaction.isolation_of(["BEGIN ISOLATION LEVEL SERIALIZABLE", "SELECT 1"], "I") == "serializable"


def test_a_timeout_that_is_set_is_known() -> None:
    assert at("SET LOCAL lock_timeout = '2s'").patient
    assert at("SELECT set_config('statement_timeout', '5s', true)").patient
    assert not at("SET search_path TO a").patient


def test_what_ends_a_transaction() -> None:
    assert ends("COMMIT AND CHAIN")
    assert ends("abort")
    assert not ends("ROLLBACK TO a")
    assert not ends("SELECT 1")
