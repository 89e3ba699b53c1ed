"""What fixtures wrote is in each copy, whatever the copy is made of."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.databases.delta import prepare
from pytest_prodparity.databases.kept import drop
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.isolation import ground
from pytest_prodparity.isolation.copies import Rows
from pytest_prodparity.isolation.ground import Followed


class Workshop:
    """Copies of one small template."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._admin = psycopg.connect(server.dsn(), autocommit=True)
        self._name = f"followed {secrets.token_hex(4)}"
        self._made = [self._name]
        self._admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._name)))
        self.write(self._name, "CREATE TABLE t (id serial PRIMARY KEY, said text)")
        with closing(prepare.connect(server, self._name)) as connection:
            prepare.prepare(connection)

    def template(self, rows: Rows) -> str:
        return self._name

    def copy(self, name: str) -> str:
        made = f"{self._name} {secrets.token_hex(4)}"  # in several threads
        self._made.append(made)
        self._admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(made), sql.Identifier(name))
        )
        return made

    def drop(self, name: str) -> None:
        drop(self._admin, name)

    def write(self, database: str, *statements: str) -> None:
        with closing(psycopg.connect(self.server.dsn(database), autocommit=True)) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def said(self, database: str) -> list[str]:
        with closing(psycopg.connect(self.server.dsn(database), autocommit=True)) as connection:
            return [str(row[0]) for row in connection.execute("SELECT said FROM t ORDER BY id")]

    def close(self) -> None:
        for name in reversed(self._made):
            drop(self._admin, name)
        self._admin.close()


@pytest.fixture
def workshop(either: Server) -> Iterator[Workshop]:
    with closing(Workshop(either)) as made:
        yield made


@pytest.fixture
def followed(workshop: Workshop) -> Iterator[Followed]:
    with ThreadPoolExecutor(1) as aside:
        made = Followed(workshop, (), aside)
        yield made
        made.close()


def test_what_a_fixture_wrote_while_nothing_could_be_followed_is_in_each_copy(
    workshop: Workshop, followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "PATIENCE", 0.05)
    monkeypatch.setattr(ground, "IMPATIENCE", 0.05)
    followed._patience = 0.05
    fixture = object()
    with closing(psycopg.connect(workshop.server.dsn())) as other:
        other.execute("SELECT pg_current_xact_id()")  # an open transaction, for which a new slot waits
        first = followed.open()
        assert followed.tracker is None
        workshop.write(first, "INSERT INTO t (said) VALUES ('fixture')")
        assert followed.wrote(fixture)
        second = followed.open()
        assert second != first
        workshop.write(second, "INSERT INTO t (said) VALUES ('test')")
        assert not followed.undo()
        assert workshop.said(followed.open()) == ["fixture"]
    assert followed.finished(fixture)
    assert workshop.said(followed.open()) == []


@pytest.mark.parametrize("before", [[], ["INSERT INTO t (said) VALUES ('before')"]])
def test_after_a_fixture_that_changed_the_schema_its_copies_are_known_as_they_are(
    workshop: Workshop, followed: Followed, before: list[str]
) -> None:
    wide, narrow = object(), object()
    first = followed.open()
    if before:
        workshop.write(first, *before)
        assert not followed.wrote(wide)
    workshop.write(first, "CREATE TABLE made (id serial PRIMARY KEY)", "INSERT INTO made DEFAULT VALUES")
    assert followed.wrote(narrow)
    workshop.write(followed.open(), "INSERT INTO made DEFAULT VALUES")
    assert followed.undo()
    assert followed.finished(narrow)
    for _ in range(2):
        # Only where the schema is compared with that of this copy does a temporary table change nothing.
        workshop.write(followed.open(), "CREATE TEMP TABLE passing (a int)", "INSERT INTO t (said) VALUES ('test')")
        undone = followed.undo()
        assert undone.done, undone
        assert workshop.said(followed.open()) == (["before"] if before else [])
