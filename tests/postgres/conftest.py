"""Servers and databases for tests that need a real PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from tests.postgres.production import Production as Shop
from tests.postgres.production import build

DEBIAN15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="session")
def server15() -> Iterator[Server]:
    """Debian's PostgreSQL 15: production is rarely of the wheel's version."""
    if not DEBIAN15.exists():
        pytest.skip("needs PostgreSQL 15: apt install postgresql-15")
    provider = Embedded(throw_away=True)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PRODPARITY_PG_BIN", str(DEBIAN15))
            server = provider.start()
        yield server
    finally:
        provider.stop()


@pytest.fixture(scope="module", params=["18", "15"])
def either(request: pytest.FixtureRequest) -> Server:
    """The wheel's server, then Debian's."""
    found = request.getfixturevalue("server" if request.param == "18" else "server15")
    assert isinstance(found, Server)
    return found


@dataclass
class Production:
    """A database of its own, filled, with roles that exist nowhere else."""

    server: Server
    name: str
    roles: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.dsn(self.name)

    def execute(self, statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statements.encode())

    def role(self, *grants: str, attributes: str = "") -> str:
        """A login role, with `grants` in which `{}` is its name; the URL to connect as it."""
        name, password = f"reader_{secrets.token_hex(4)}", "pass word/@" + secrets.token_hex(4)
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} " + attributes).format(sql.Identifier(name), password)
            )
            for grant in grants:
                connection.execute(grant.format(name).encode())
        self.roles.append(name)
        return self.server.dsn(self.name, user=name, password=password)


@contextmanager
def production_on(server: Server, statements: str) -> Iterator[Production]:
    """A Production filled by `statements`; it and its roles are dropped at the end."""
    found = Production(server=server, name=f"Prod {secrets.token_hex(4)}")
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(found.name)))
        try:
            if statements:
                found.execute(statements)
            yield found
        finally:
            with psycopg.connect(found.url, autocommit=True) as inside:
                for role in found.roles:
                    inside.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(found.name)))
            for role in found.roles:
                admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.fixture
def make_production() -> Iterator[Callable[[Server, str], Production]]:
    """Makes Productions that live as long as the test."""
    with ExitStack() as stack:
        yield lambda server, statements: stack.enter_context(production_on(server, statements))


@pytest.fixture(scope="session")
def production(server: Server) -> Iterator[Shop]:
    """A shop with some hundred thousand rows."""
    made = build(server)
    yield made
    made.connection.close()
