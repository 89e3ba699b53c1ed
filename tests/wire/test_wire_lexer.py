from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_prodparity.wire.lexer import statements, tokens, words

PIECES = [
    "'",
    "''",
    '"',
    "$$",
    "$a$",
    "--",
    "/*",
    "*/",
    "\\",
    "E'",
    "U&'",
    ";",
    "\n",
    " ",
    "a",
    "$1",
    "1.5e3",
    "(",
    ")",
    "::",
    "é",
]


@given(st.lists(st.sampled_from(PIECES)).map("".join), st.booleans())
def test_no_character_is_lost(sql: str, standard: bool) -> None:
    assert "".join(token.text for token in tokens(sql, standard=standard)) == sql


@pytest.mark.parametrize(
    ("sql", "kinds"),
    [
        ("SELECT 1", "word number"),
        ("'a''b'", "string"),
        ("E'a\\'b' x", "string word"),
        ("e'\\\\' x", "string word"),
        ("N'x' B'1' X'ff' U&'d' U&\"d\"", "string string string string quoted"),
        ('"a""b".c', "quoted mark word"),
        ("$$a;'b$$ $1 $tag$ $$ $tag$", "string parameter string"),
        ("foo$1$bar", "word"),
        ("a--b\nc", "word comment word"),
        ("a/* /* x */ */b", "word comment word"),
        ("a::int <= b->>'c'", "word operator word operator word operator string"),
        ("-1.5e-3+.5", "operator number operator number"),
        ("1..2", "number mark number"),
        ("0xFF 1_000", "number number"),
        ("@> -- x", "operator comment"),
        ("naïve Ωmega", "word word"),
        ("'open", "string"),
        ("/* open", "comment"),
        ("$x$ open", "string"),
    ],
)
def test_tokens_are_postgresqls(sql: str, kinds: str) -> None:
    assert " ".join(token.kind for token in tokens(sql) if token.kind != "space") == kinds


def test_a_backslash_escapes_only_where_the_server_says_so() -> None:
    sql = r"SELECT 'a\'; SELECT ';'"
    assert statements(sql) == [r"SELECT 'a\'", "SELECT ';'"]
    assert statements(sql, standard=False) == [r"SELECT 'a\'; SELECT '", "'"]


@pytest.mark.parametrize(
    ("sql", "cut"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;", ["SELECT 1"]),
        ("", []),
        (" ; ;; -- nothing\n /* at all */ ;", []),
        ("-- only", []),
        ("SELECT ';' ; SELECT $$;$$; SELECT \";\"", ["SELECT ';'", "SELECT $$;$$", 'SELECT ";"']),
        ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
         ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3"]),
        ("CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 5",
         ["CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END", "SELECT 5"]),
        ("BEGIN; SELECT CASE WHEN a THEN 1 END; END; SELECT 1", ["BEGIN", "SELECT CASE WHEN a THEN 1 END", "END", "SELECT 1"]),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $f$ SELECT 1; SELECT 2; $f$; SELECT 3",
         ["CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $f$ SELECT 1; SELECT 2; $f$", "SELECT 3"]),
    ],
)  # fmt: skip
def test_a_text_is_cut_where_the_server_cuts_it(sql: str, cut: list[str]) -> None:
    assert statements(sql) == cut


def test_the_first_words() -> None:
    assert words("/* x */ set  Session my.Name = 'x'", 5) == ["SET", "SESSION", "MY", ".", "NAME"]
