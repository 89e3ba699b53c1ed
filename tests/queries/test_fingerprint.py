from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_prodparity.queries.fingerprint import shape

SAME = [
    ("SELECT * FROM orders WHERE id = $1", "select *\nfrom Orders where id=42 -- by key"),
    ("SELECT * FROM orders WHERE id = $1", "SELECT * FROM orders WHERE id = -42;"),
    ("SELECT * FROM orders WHERE id = $1", "SELECT * FROM orders WHERE id=-42"),
    ("SELECT * FROM t WHERE s = $1", "SELECT * FROM t WHERE s = 'it''s'"),
    ("SELECT * FROM t WHERE s = $1", r"SELECT * FROM t WHERE s = E'it\'s'"),
    ("SELECT * FROM t WHERE s = $1", "SELECT * FROM t WHERE s = $$it's$$"),
    ("SELECT * FROM t WHERE s = $1::VARCHAR", "SELECT * FROM t WHERE s = 'x'"),
    ("SELECT * FROM t WHERE d = $1", "SELECT * FROM t WHERE d = '2024-01-01T00:00:00+00:00'::timestamptz"),
    ("SELECT * FROM t WHERE d = $1", "SELECT * FROM t WHERE d = '2024-01-01'::timestamp with time zone"),
    ("SELECT * FROM t WHERE d = $1::pg_catalog.numeric(10, 2)", "SELECT * FROM t WHERE d = 1.5"),
    ("SELECT * FROM t WHERE id IN ($1, $2)", "SELECT * FROM t WHERE id IN (1, 2, 3)"),
    ("SELECT * FROM t WHERE (a, b) IN (($1, $2))", "SELECT * FROM t WHERE (a, b) IN ((1, 2), (3, 4))"),
    ("SELECT * FROM t WHERE id = ANY($1)", "SELECT * FROM t WHERE id = ANY(ARRAY[1,2,3])"),
    ("SELECT * FROM t WHERE id = ANY($1::int[])", "SELECT * FROM t WHERE id = ANY('{1,2}'::int[])"),
    ("INSERT INTO t (a, b) VALUES ($1, $2)", "INSERT INTO t (a, b) VALUES (1, 'x'), (2, NULL)"),
    ("UPDATE t SET a = $1, done = $2", "UPDATE t SET a = NULL, done = true"),
    ("SELECT * FROM t LIMIT $1 OFFSET $2", "SELECT * FROM t LIMIT 20 OFFSET 40"),
    ("SELECT /* trace=1 */ 1", "SELECT /* trace=2 /* nested */ */ 2"),
]

OTHER = [
    ("SELECT a FROM t", "SELECT b FROM t"),
    ("SELECT * FROM t WHERE a = 1", "SELECT * FROM t WHERE a > 1"),
    ("SELECT * FROM t WHERE a IS NULL", "SELECT * FROM t WHERE a IS NOT NULL"),
    ("SELECT * FROM t WHERE a IS TRUE", "SELECT * FROM t WHERE a IS FALSE"),
    ('SELECT * FROM "Orders"', "SELECT * FROM orders"),
    ("SELECT a - 5 FROM t", "SELECT -5 FROM t"),
    ("SELECT * FROM t WHERE a = 1", "SELECT * FROM t WHERE a = 1 AND b = 2"),
    ("SELECT f(1)", "SELECT g(1)"),
    ("SELECT a::text FROM t", "SELECT a::int FROM t"),
    ("INSERT INTO t VALUES (1, 2)", "INSERT INTO t VALUES (1, f(2))"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_values_and_layout_do_not_matter(one: str, other: str) -> None:
    assert shape(one).key == shape(other).key


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_structure_matters(one: str, other: str) -> None:
    assert shape(one).key != shape(other).key


strings = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=12).map(
    lambda value: "'" + value.replace("'", "''") + "'"
)
values = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.decimals(-1e9, 1e9, places=3).map(str),
    strings,
    st.sampled_from(["NULL", "true", "FALSE", "$1", "$23", "'2024-01-01'::date"]),
)
spaces = st.sampled_from([" ", "\n", "\t ", " /* why? 'x' */ ", " -- 'note'\n"])
TEMPLATES = [
    "SELECT id FROM orders WHERE total >= {} AND status = {}",
    "UPDATE orders SET status = {} WHERE id = {}",
    "INSERT INTO orders (a, b) VALUES ({}, {})",
    "SELECT coalesce(a, {}) FROM t WHERE b BETWEEN {} AND 3",
]


@given(st.sampled_from(TEMPLATES), values, values, values, values)
def test_any_values_give_one_fingerprint(template: str, a: str, b: str, c: str, d: str) -> None:
    assert shape(template.format(a, b)).key == shape(template.format(c, d)).key


@given(st.sampled_from(TEMPLATES), values, values, st.lists(spaces, min_size=12, max_size=12))
def test_any_layout_gives_one_fingerprint(template: str, a: str, b: str, gaps: list[str]) -> None:
    words = template.split(" ")
    laid_out = "".join(word + gap for word, gap in zip(words, gaps * 2, strict=False))
    assert shape(laid_out.format(a, b)).key == shape(template.format(a, b)).key


@given(st.lists(values, min_size=2, max_size=40), st.lists(values, min_size=2, max_size=40))
def test_the_length_of_a_list_does_not_matter(one: list[str], other: list[str]) -> None:
    sql = "SELECT * FROM t WHERE id IN ({}) AND x = 1"
    assert shape(sql.format(", ".join(one))).key == shape(sql.format(", ".join(other))).key


@given(strings, st.integers(1000, 10**12))
def test_no_literal_is_in_the_readable_text(secret: str, number: int) -> None:
    shown = shape(f"SELECT * FROM t WHERE s = {secret} AND n = {number} AND e = E{secret!s} LIMIT 5").text
    assert str(number) not in shown
    assert shown.startswith("SELECT * FROM t WHERE s = '…' AND n = … AND e = ")


def test_a_sign_is_part_of_its_number_only_where_no_operand_stands_before() -> None:
    assert shape("SELECT a -5").key == "select a - ?"
    assert shape("SELECT (a) - 5, -5, f(-5), 3 - -5").key == "select ( a ) - ? , ? , f ( ? ) , ? - ?"


@pytest.mark.parametrize(
    ("sql", "roles"),
    [
        ("SELECT * FROM t WHERE a = $1 AND $2 = b", [("equal", "a"), ("equal", "b")]),
        ("SELECT * FROM t WHERE o.a >= $1 AND b BETWEEN $2 AND $3", [("range", "a"), ("range", "b"), ("range", None)]),
        ("SELECT * FROM t WHERE (a, b) > ($1, $2) LIMIT $3", [("range", None), ("range", None), ("limit", None)]),
        ("SELECT * FROM t OFFSET 40 LIMIT 20", [("offset", None), ("limit", None)]),
        ("SELECT * FROM t FETCH FIRST 5 ROWS ONLY", [("limit", None)]),
        ("UPDATE t SET a = $1 WHERE b = $2", [("set", "a"), ("equal", "b")]),
        ("INSERT INTO t VALUES ($1, f($2))", [("value", None), ("value", None)]),
        ("SELECT * FROM t WHERE a LIKE $1 AND b = ANY($2)", [("pattern", "a"), ("array", "b")]),
        ('SELECT * FROM t WHERE "A b" IN (1, 2)', [("list", "A b")]),
        ("SELECT f($1)", [("other", None)]),
    ],
)
def test_what_a_value_is_for(sql: str, roles: list[tuple[str, str | None]]) -> None:
    assert [(slot.role, slot.column) for slot in shape(sql).slots] == roles


@pytest.mark.parametrize(
    ("sql", "verb", "tables"),
    [
        ("WITH x AS (SELECT 1 FROM a) DELETE FROM b USING x", "delete", ("a", "b", "x")),
        ("(SELECT 1 FROM a) UNION SELECT 2 FROM ONLY b", "select", ("a", "b")),
        ('INSERT INTO "My Shop"."Orders" SELECT * FROM c', "insert", ("My Shop.Orders", "c")),
        ("UPDATE ONLY a SET x = 1 FROM b", "update", ("a", "b")),
        ("SELECT * FROM generate_series(1, 2) JOIN LATERAL (SELECT 1) s ON true", "select", ()),
        ("", "", ()),
    ],
)
def test_what_a_statement_does_and_to_which_tables(sql: str, verb: str, tables: tuple[str, ...]) -> None:
    assert (shape(sql).verb, shape(sql).tables) == (verb, tables)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (a, b) VALUES {}",
        "SELECT * FROM t WHERE x = 1 AND id IN ({})",
        "SELECT * FROM t WHERE id IN ({})",
    ],
)
def test_very_long_lists_have_one_fingerprint_and_are_read_in_part(sql: str) -> None:
    rows = ["(1, 'x')" if "VALUES" in sql else "'abc'"] * 300_000
    long, longer = shape(sql.format(", ".join(rows[:200_000]))), shape(sql.format(",".join(rows)))
    assert long.key == longer.key
    assert len(long.text) < 40_000
