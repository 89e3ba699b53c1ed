"""schema.sql into an empty database: whole, owned by the test role, pointing nowhere else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.databases import roles
from pytest_prodparity.databases.binaries import binaries
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.schema import load
from pytest_prodparity.profile.model import Extension

ODD = """
CREATE SCHEMA "Sales %s";
CREATE TYPE "Sales %s"."Mood" AS ENUM ('good; bad', 'it''s');
CREATE TABLE "Sales %s"."select" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "group by" "Sales %s"."Mood", t text);
CREATE TABLE public."select" (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM public."select";
CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN a; -- ;
END; $$;
CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END;
CREATE INDEX ON "Sales %s"."select" USING gin (t public.gin_trgm_ops);
ALTER TABLE public."select" ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_readers ON public."select" FOR SELECT TO "Reader of all", auditor USING (id > 0);
GRANT SELECT ON public."select" TO "Reader of all";
CREATE PUBLICATION everything FOR ALL TABLES;
CREATE SUBSCRIPTION from_production CONNECTION 'host=prod.example.com' PUBLICATION everything WITH (connect = false);
CREATE FUNCTION on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION on_ddl();
CREATE SERVER warehouse FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'prod.example.com', port '5432', dbname 'dw');
"""
EXTENSIONS = [
    Extension(name="plpgsql", version="1.0", schema="pg_catalog"),
    Extension(name="pg_trgm", version="1.6", schema="public"),
    Extension(name="postgres_fdw", version="1.1", schema="ext"),
]


@pytest.fixture
def database(server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database, as a template's builder gets it."""
    name = f"schema {request.node.name}"[:60]
    identifier = sql.Identifier(name)
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        owner = roles.ensure(connection, server)
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(identifier, sql.Identifier(owner.user)))
        yield name
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def rows(server: Server, database: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.dsn(database)) as connection:
        return connection.execute(query.encode()).fetchall()


def as_tests(server: Server, database: str) -> psycopg.Connection:
    who = roles.login(server)
    return psycopg.connect(server.dsn(database, user=who.user, password=who.password), autocommit=True)


def test_odd_names_and_bodies_are_loaded_and_owned_by_the_test_role(server: Server, database: str) -> None:
    loaded = load(server, database, ODD, extensions=EXTENSIONS)
    assert loaded.notes == ()
    with closing(as_tests(server, database)) as connection:
        connection.execute("""INSERT INTO "Sales %s"."select" ("group by") VALUES ('it''s')""")
        connection.execute('ALTER TABLE public."select" ADD COLUMN more int')
        assert connection.execute("SELECT f(g())").fetchone() == (2,)
        connection.execute("CREATE TABLE public.mine (a int)")
    owners = rows(
        server, database,
        "SELECT DISTINCT relowner::regrole::text FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname IN ('public', 'Sales %s')",
    )  # fmt: skip
    assert owners == [("parity",)]


def test_nothing_points_to_another_machine(server: Server, database: str) -> None:
    load(server, database, ODD, extensions=EXTENSIONS)
    options = "SELECT unnest(srvoptions) FROM pg_foreign_server"
    assert set(rows(server, database, options)) == {("host=127.0.0.1",), ("port=1",), ("dbname=dw",)}
    assert rows(server, database, "SELECT 1 FROM pg_subscription JOIN pg_database d ON d.oid = subdbid"
                f" WHERE datname = '{database}'") == []  # fmt: skip


def test_roles_that_policies_name_exist_and_may_not_log_in(server: Server, database: str) -> None:
    load(server, database, ODD, extensions=EXTENSIONS)
    found = rows(
        server, database, "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname IN ('Reader of all', 'auditor')"
    )
    assert sorted(found) == [("Reader of all", False), ("auditor", False)]


def test_a_failing_statement_is_named_with_its_line(server: Server, database: str) -> None:
    text = "CREATE TABLE t (a int);\n\nCREATE VIEW v AS\n  SELECT a,\n    missing\n  FROM t;\n"
    with pytest.raises(ProdparityError) as caught:
        load(server, database, text)
    assert caught.value.happened == 'schema.sql, line 5: column "missing" does not exist.'
    assert caught.value.tried == "The statement: CREATE VIEW v AS (on PostgreSQL 18, embedded)"


def test_a_missing_extension_is_named_where_the_schema_needs_it(server: Server, database: str) -> None:
    extensions = [Extension(name="postgis", version="3.4", schema="public")]
    with pytest.raises(ProdparityError) as caught:
        load(server, database, "CREATE TABLE shops (at public.geometry);", extensions=extensions)
    assert "needs the extension postgis, which this PostgreSQL 18 (embedded) does not have" in caught.value.happened
    assert "--parity-database=docker" in str(caught.value)


def test_a_missing_extension_that_nothing_needs_is_a_note(server: Server, database: str) -> None:
    extensions = [Extension(name="pg_repack", version="1.5", schema="public")]
    loaded = load(server, database, "CREATE TABLE t (a int);", extensions=extensions)
    assert loaded.notes == ("the extension pg_repack is not available here; nothing in the schema needed it",)


def test_a_setting_that_the_server_does_not_know_is_left_out(server: Server, database: str) -> None:
    text = "SET statement_timeout = 0;\nSET setting_of_2031 = 0;\nSET search_path TO public;\nCREATE TABLE t (a int);"
    assert load(server, database, text).statements == 3


def test_a_dump_comes_back_as_it_was(server: Server, database: str) -> None:
    load(server, database, ODD, extensions=EXTENSIONS)
    command = [str(binaries() / "pg_dump"), "--schema-only", "--no-owner", "--no-privileges", "--no-publications"]
    done = subprocess.run([*command, server.dsn(database)], capture_output=True, text=True, check=True)
    copy = "a copy of it"
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(copy)))
        try:
            load(server, copy, done.stdout, extensions=EXTENSIONS)
            again = subprocess.run([*command, server.dsn(copy)], capture_output=True, text=True, check=True)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(copy)))

    def plain(text: str) -> list[str]:
        return [
            row for row in text.splitlines() if "estrict " not in row and "warehouse" not in row and "host '" not in row
        ]

    assert plain(again.stdout) == plain(done.stdout)
