"""A crew before a real server, on a small table of accounts."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.races.conductor import Crew
from pytest_prodparity.races.execution import Execution, Ready, Step
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream
from tests.postgres.wire.watching import until

DATABASE = "races_first"
ROLE = "races_app"


@pytest.fixture(scope="session")
def upstream(server: Server) -> Iterator[Upstream]:
    """Whoever connects is no superuser, as in production."""
    with psycopg.connect(server.dsn(), autocommit=True) as owner:
        owner.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        owner.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'app'")
        owner.execute(f"GRANT SET ON PARAMETER deadlock_timeout TO {ROLE}")  # as our own role has it
        owner.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
        with psycopg.connect(server.dsn(DATABASE, user=ROLE, password="app"), autocommit=True) as inside:
            inside.execute("CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL)")
            inside.execute("CREATE TABLE entry (id serial PRIMARY KEY, account int REFERENCES account, note text)")
        yield Upstream(host=server.host, port=server.port, user=ROLE, password="app", database=DATABASE)
        owner.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        owner.execute(f"REVOKE SET ON PARAMETER deadlock_timeout FROM {ROLE}")
        owner.execute(f"DROP ROLE {ROLE}")


@dataclass
class Listed:
    """A director that goes by a list of actors, and then takes the first that is there."""

    order: Sequence[int] = ()
    strict: bool = False
    seen: list[tuple[int, ...]] = field(default_factory=list)

    def choose(self, enabled: Sequence[Ready], so_far: Sequence[Step]) -> int | None:
        self.seen.append(tuple(ready.actor for ready in enabled))
        at = len(so_far)
        if at < len(self.order):
            wanted = self.order[at]
            return wanted if self.strict or wanted in self.seen[-1] else enabled[0].actor
        return None if self.strict else enabled[0].actor


class Stage:
    """A wire, a database, and crews that end with the test."""

    def __init__(self, wire: Wire, server: Server, upstream: Upstream) -> None:
        self.wire = wire
        self.server = server
        self.upstream = upstream
        self.crews: list[Crew] = []

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}:app@127.0.0.1:{self.wire.port}/anything"

    def crew(self, *calls: Callable[[], object], **more: Any) -> Crew:
        crew = Crew(self.wire, self.server, lambda: DATABASE, calls, **more)
        self.crews.append(crew)
        return crew

    def past(self, statement: str) -> list[tuple[Any, ...]]:
        """Past the wire."""
        with psycopg.connect(self.server.dsn(DATABASE), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def again(self) -> None:
        """The state that each schedule begins with."""
        self.past("TRUNCATE entry, account RESTART IDENTITY; INSERT INTO account VALUES (1, 100), (2, 100), (3, 100)")

    def run(self, crew: Crew, *order: int, strict: bool = False) -> Execution:
        """One schedule from the beginning."""
        self.again()
        return crew.run(Listed(order, strict))

    @property
    def balance(self) -> int:
        ((found,),) = self.past("SELECT balance FROM account WHERE id = 1")
        assert isinstance(found, int)
        return found


@pytest.fixture
def stage(upstream: Upstream, server: Server) -> Iterator[Stage]:
    before = set(threading.enumerate())
    with Wire(lambda: upstream, root=Path(__file__).parent) as wire:
        stage = Stage(wire, server, upstream)
        stage.again()
        yield stage
        for crew in stage.crews:
            crew.close()
        assert wire.gate is None
        assert wire.taps == []
    assert wire.failure is None
    until(
        lambda: not [one for one in set(threading.enumerate()) - before if one.name.startswith(("prodparity", "actor"))]
    )


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop of the test's own, which runs in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="loop of the test")
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(autouse=True)
def untraced() -> Iterator[None]:
    """Python 3.11 cannot end threads under a trace function: see `races.throwing`."""
    ours, others = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    yield
    sys.settrace(ours)
    threading.settrace(others)
