from __future__ import annotations

import pytest

from pytest_prodparity.databases.schema import mentioned
from pytest_prodparity.databases.statements import Statement, split


def texts(text: str) -> list[str]:
    return [statement.text for statement in split(text)]


@pytest.mark.parametrize(
    "one",
    [
        "SELECT ';'",
        "SELECT E'it\\'s; one'",
        "SELECT 'it''s; one'",
        'CREATE TABLE "a;b" ("c""d;" int)',
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT 2; $$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$ SELECT '$$;'; $body$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
        "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v)",
        "CREATE TABLE t (a int) /* ; /* nested; */ ; */",
        "SELECT $1; SELECT 2".partition(";")[0],
    ],
)
def test_a_semicolon_inside_a_statement_does_not_end_it(one: str) -> None:
    assert texts(f"{one};\nSELECT 1;") == [one, "SELECT 1"]


def test_comments_between_statements_and_psql_commands_are_left_out() -> None:
    text = "--\n-- dump; of\n--\n\\restrict abc;d\n\nSET a = 1;\n\n-- more\nSELECT 2;\n\\unrestrict abc\n"
    assert list(split(text)) == [Statement(text="SET a = 1", line=6), Statement(text="SELECT 2", line=9)]


def test_the_last_statement_needs_no_semicolon() -> None:
    assert texts("SELECT 1;\nSELECT 2\n") == ["SELECT 1", "SELECT 2"]


def test_roles_that_a_schema_mentions_are_found() -> None:
    text = """
    CREATE POLICY p ON t FOR SELECT TO "App Reader", admin USING (true);
    GRANT SELECT ON t TO reporting WITH GRANT OPTION;
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    ALTER DEFAULT PRIVILEGES FOR ROLE Migrator GRANT SELECT ON TABLES TO viewer;
    CREATE POLICY q ON t USING (owner = current_user);
    """
    assert mentioned(list(split(text))) == ["App Reader", "admin", "reporting", "migrator"]
