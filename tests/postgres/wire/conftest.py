"""A wire before a real server, and a database of this folder's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream
from tests.postgres.wire.watching import Watched


@pytest.fixture(scope="session")
def upstream(server: Server) -> Iterator[Upstream]:
    """A database of its own on the server."""
    with psycopg.connect(server.dsn(), autocommit=True) as owner:
        owner.execute("DROP DATABASE IF EXISTS wire_first WITH (FORCE)")
        owner.execute("CREATE DATABASE wire_first")
        yield Upstream(
            host=server.host, port=server.port, user=server.user, password=server.password, database="wire_first"
        )
        owner.execute("DROP DATABASE wire_first WITH (FORCE)")


@pytest.fixture
def second(server: Server, upstream: Upstream) -> Iterator[Upstream]:
    """Another database, to move to."""
    with psycopg.connect(server.dsn(), autocommit=True) as owner:
        owner.execute("DROP DATABASE IF EXISTS wire_second WITH (FORCE)")
        owner.execute("CREATE DATABASE wire_second")
        yield replace(upstream, database="wire_second")
        owner.execute("DROP DATABASE IF EXISTS wire_second WITH (FORCE)")


@pytest.fixture
def wire(upstream: Upstream) -> Iterator[Wire]:
    """An open wire; source lines are those below this folder."""
    with Wire(lambda: upstream, root=Path(__file__).parent) as opened:
        yield opened
    assert opened.failure is None


@pytest.fixture
def watched(wire: Wire, upstream: Upstream) -> Watched:
    """What passes the wire."""
    return Watched(wire, upstream)
