"""A server that the user names: with leave, with the right to make databases, and never production."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.core.levels import Level
from pytest_prodparity.databases import external
from pytest_prodparity.databases.choose import provider
from pytest_prodparity.databases.external import External
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.schema import load
from pytest_prodparity.databases.template import Templates
from pytest_prodparity.profile.identity import identities


@pytest.fixture
def guest(server: Server) -> Iterator[str]:
    """The URL of a user without any right."""
    name, password = f"guest {secrets.token_hex(4)}", secrets.token_hex(8)
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        user = sql.Identifier(name)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(user, sql.Literal(password)))
        yield server.dsn(user=name, password=password)
        connection.execute(sql.SQL("DROP ROLE {}").format(user))


def test_who_may_not_create_databases_is_told_what_to_grant(guest: str) -> None:
    with pytest.raises(ProdparityError, match="may not create databases") as caught:
        External(guest, allowed=True).start()
    assert "CREATEDB" in str(caught.value)


def test_a_user_with_createdb_gets_templates_and_clones(server: Server, guest: str) -> None:
    name = External(guest, allowed=True)._address.user
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(name)))
    there = External(guest, allowed=True).start()
    assert (there.kind, there.superuser, there.user) == ("external", False, name)
    with Templates(there) as templates:
        text = "CREATE TABLE t (a int);"
        template = templates.ensure(guest, lambda dsn: loaded(there, dsn, text))
        clone = templates.clone(template)
        with psycopg.connect(there.dsn(clone)) as connection:
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
        templates._forget(template)


def loaded(server: Server, dsn: str, text: str) -> None:
    load(server, str(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]), text)


def test_the_captured_productions_server_is_refused_whichever_database_is_named(server: Server) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        captured = sorted(identities(connection))
    for identity in captured:
        chosen = provider(server.dsn("template1"), level=Level.DEV, identity=identity, allow_external=True)
        with pytest.raises(UsageError, match="A run never works there") as caught:
            chosen.provider.start()
        assert server.password not in str(caught.value)


def test_another_server_than_production_is_used(server: Server) -> None:
    chosen = provider(server.dsn(), level=Level.DEV, identity="of another", allow_external=True)
    there = chosen.provider.start()
    assert chosen.shown(there) == f"PostgreSQL 18.{there.version % 10000} (external)"
    chosen.provider.stop()


def test_a_server_full_of_other_clients_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "CROWD", 0)
    with pytest.raises(UsageError, match="0 clients of other machines are connected"):
        External(server.dsn(), allowed=True).start()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong hush"}, "authentication failed"),
        ({"database": "no such"}, 'database "no such" does not exist'),
    ],
)
def test_a_wrong_password_or_database_is_one_message(server: Server, change: dict[str, str], said: str) -> None:
    with pytest.raises(ProdparityError, match=said) as caught:
        External(server.dsn(**change), allowed=True).start()
    assert "hush" not in str(caught.value)
    assert server.password not in str(caught.value)


def test_a_server_that_does_not_answer_is_one_message() -> None:
    with pytest.raises(ProdparityError, match=r"Could not connect to u@127\.0\.0\.1:1/db: .*refused") as caught:
        External("postgresql://u:hush@127.0.0.1:1/db", allowed=True).start()
    assert "hush" not in str(caught.value)
