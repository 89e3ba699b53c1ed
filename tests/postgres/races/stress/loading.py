"""A database under load, and how to begin one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.races.measured import Stress
from pytest_prodparity.races.stress import stress
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream

DATABASE = "stress"
SCHEMA = """
CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);
INSERT INTO account SELECT n, 0 FROM generate_series(1, 4) n;
"""
QUICK = "?options=-c%20deadlock_timeout%3D10ms"
"""A deadlock is looked for soon."""


@dataclass
class Loading:
    """Source lines are those below this folder."""

    wire: Wire
    server: Server
    dsn: str

    def __call__(self, call: Callable[..., Any], actors: int = 4, seconds: float = 0.3, **options: Any) -> Stress:
        """A load, shorter than a user's."""
        return stress(
            call,
            actors,
            seconds,
            wire=self.wire,
            server=self.server,
            database=DATABASE,
            root=Path(__file__).parent,
            **{"warmup": 0.05, **options},
        )

    @property
    def url(self) -> str:
        """Of SQLAlchemy."""
        return self.dsn.replace("postgresql:", "postgresql+psycopg:")

    def owner(self) -> psycopg.Connection[Any]:
        """Past the wire."""
        return psycopg.connect(self.server.dsn(DATABASE), autocommit=True)

    def balance(self, account: int) -> int:
        """Past the wire."""
        with self.owner() as owner:
            row = owner.execute("SELECT balance FROM account WHERE id = %s", (account,)).fetchone()
        assert row is not None
        return int(row[0])


@contextmanager
def database(server: Server) -> Iterator[None]:
    """Makes it, and throws it away."""
    name = sql.Identifier(DATABASE)
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def loading(server: Server, role: str | None = None) -> Iterator[Loading]:
    """The database as new, and a wire before it, which logs in as the server's own user, or as `role`."""
    with psycopg.connect(server.dsn(DATABASE), autocommit=True) as owner:
        owner.execute("DROP TABLE IF EXISTS account")
        owner.execute(SCHEMA)
    upstream = Upstream(
        host=server.host, port=server.port, user=role or server.user,
        password="secret" if role else server.password, database=DATABASE,
    )  # fmt: skip
    with Wire(lambda: upstream, root=Path(__file__).parent) as wire:
        who = f"{quote(upstream.user)}:{quote(upstream.password)}"
        yield Loading(wire, server, f"postgresql://{who}@127.0.0.1:{wire.port}/{DATABASE}")
        assert wire.failure is None


def rules(stressed: Stress) -> list[str]:
    return [found.rule for found in stressed.findings]


def add(dsn: str, account: int = 1) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE account SET balance = balance + 1 WHERE id = %s", (account,))
