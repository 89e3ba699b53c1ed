"""A wire that can break, before a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.faults.kinds.kind import Kind
from pytest_prodparity.wire.gate import Asking, Opening, Strike
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream
from tests.postgres.wire.watching import Watched, until

DATABASE = "faults_first"


@contextmanager
def database(server: Server) -> Iterator[Upstream]:
    """An empty table in a database of its own."""
    with psycopg.connect(server.dsn(), autocommit=True) as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        owner.execute(f"CREATE DATABASE {DATABASE}")
        with psycopg.connect(server.dsn(DATABASE), autocommit=True) as inside:
            inside.execute("CREATE TABLE kept (id int PRIMARY KEY, note text)")
        yield Upstream(
            host=server.host, port=server.port, user=server.user, password=server.password, database=DATABASE,
            version=server.version,
        )  # fmt: skip
        owner.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.fixture(scope="session")
def upstream18(server: Server) -> Iterator[Upstream]:
    """The wheel's."""
    with database(server) as found:
        yield found


@pytest.fixture(scope="session", params=["18", "15"])
def upstream(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    """The wheel's server, then Debian's: production is rarely of the wheel's version."""
    server = request.getfixturevalue("server" if request.param == "18" else "server15")
    with database(server) as found:
        yield found


@dataclass
class Arming:
    """A gate that lets one fault loose on the trips whose text contains `part`, and remembers what it was asked."""

    fault: Kind
    part: str = ""
    times: int = 1_000
    openings: list[Opening] = field(default_factory=list)
    asked: list[Asking] = field(default_factory=list)
    struck: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def opening(self, opening: Opening) -> Strike | None:
        self.openings.append(opening)
        return self._of(opening, "")

    def asking(self, asking: Asking) -> Strike | None:
        self.asked.append(asking)
        return self._of(asking, "; ".join(asking.statements))

    def _of(self, asking: Asking | Opening, text: str) -> Strike | None:
        with self.lock:
            if self.fault.fits(asking) is not None or self.part not in text or self.struck >= self.times:
                return None
            self.struck += 1
            return self.fault.strike


class Broken(Watched):
    """What passes the wire, and what is let loose on it."""

    def arm(self, fault: Kind, part: str = "", times: int = 1_000) -> Arming:
        gate = self.wire.gate = Arming(fault=fault, part=part, times=times)
        return gate

    def past(self, statement: str) -> list[tuple[Any, ...]]:
        """Past the wire."""
        with psycopg.connect(
            host=self.upstream.host, port=self.upstream.port, user=self.upstream.user,
            password=self.upstream.password, dbname=self.upstream.database, autocommit=True,
        ) as connection:  # fmt: skip
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @property
    def kept(self) -> list[int]:
        """The rows that are there."""
        return [row[0] for row in self.past("SELECT id FROM kept ORDER BY id")]

    @property
    def sessions(self) -> list[str]:
        """States of all other sessions of the database."""
        query = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        return [row[0] for row in self.past(query)]

    def nothing_is_left(self) -> None:
        """Every connection is closed or healthy: no session in a transaction, no lock, no thread."""
        assert self.wire.lift()
        states = self.sessions
        assert all(state == "idle" for state in states), states
        locks = self.past(
            "SELECT locktype, mode FROM pg_locks WHERE pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert locks == []
        until(lambda: len(self.wire.connections) == len(self.sessions))


@pytest.fixture
def broken(upstream: Upstream) -> Iterator[Broken]:
    """An open wire, and an empty table behind it; in the end nothing is left."""
    before = set(threading.enumerate())
    with Wire(lambda: upstream, root=Path(__file__).parent) as wire:
        broken = Broken(wire, upstream)
        broken.past("TRUNCATE kept")
        yield broken
        broken.nothing_is_left()
        failure = wire.failure
    assert failure is None
    until(lambda: not [each for each in set(threading.enumerate()) - before if each.name.startswith("prodparity")])
