"""Which statements have a plan."""

from __future__ import annotations

import pytest

from pytest_prodparity.twin.guard import is_utility, plannable, tokens
from pytest_prodparity.twin.plan import CannotTell


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("SELECT 1", "SELECT 1"),
        ("-- a comment\n SELECT 1", "SELECT 1"),
        ("/* SET x */ (SELECT 1) UNION SELECT 2", "(SELECT 1) UNION SELECT 2"),
        ("; VALUES (1)", "VALUES (1)"),
        ("COPY (SELECT ')' FROM a) TO STDOUT", "SELECT ')' FROM a"),
        ("COPY (SELECT $x$)$x$ FROM a) TO STDOUT", "SELECT $x$)$x$ FROM a"),
        ('COPY "a b" ("c d") TO STDOUT', 'SELECT "c d" FROM ONLY "a b" '),
        ("CREATE TEMP TABLE a ON COMMIT DROP AS SELECT 1", "CREATE TEMP TABLE a ON COMMIT DROP AS SELECT 1"),
        ("CREATE UNLOGGED TABLE a (b) AS (VALUES (1))", "CREATE UNLOGGED TABLE a (b) AS (VALUES (1))"),
    ],
)
def test_a_plannable_statement_is_asked_about(text: str, asked: str) -> None:
    assert plannable(text) == asked


@pytest.mark.parametrize(
    "text",
    ["", ";", "-- SELECT 1", "SET x = 'SELECT'", "BEGIN", "EXPLAIN SELECT 1", "CREATE TABLE a (b int GENERATED ALWAYS AS (1) STORED)",
     "CREATE VIEW a AS SELECT 1", "FETCH 5 FROM c", "COPY a FROM STDIN", "VACUUM", "PREPARE a AS SELECT 1"],
)  # fmt: skip
def test_a_statement_that_never_has_a_plan(text: str) -> None:
    assert is_utility(text)


@pytest.mark.parametrize("text", ["CALL a()", "DO 'x'", "REFRESH MATERIALIZED VIEW a", "COPY (SELECT 1"])
def test_a_statement_whose_plan_is_not_visible(text: str) -> None:
    answer = plannable(text)
    assert isinstance(answer, CannotTell)
    assert not answer.utility


def test_tokens_are_cut_as_postgresql_cuts_them() -> None:
    text = "SELECT E'it\\'s', 'it''s', $a$ ; $b$ $a$, \"q\"\"q\", $1, 1e5 -- end\n/* a /* b */ c */, U&'x'"
    assert [token for _, token, _ in tokens(text)] == [
        "SELECT", "E'it\\'s'", ",", "'it''s'", ",", "$a$ ; $b$ $a$", ",", '"q""q"', ",", "$1", ",", "1e5", ",", "U&'x'",
    ]  # fmt: skip


def test_half_a_statement_does_no_harm() -> None:
    for text in ("SELECT '", 'SELECT "', "SELECT $a$", "SELECT /*", "COPY (", "CREATE TABLE", "COPY"):
        plannable(text)
