from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.store import Stored
from pytest_prodparity.twin import build
from pytest_prodparity.twin.twin import Twin
from tests.postgres.twin import world

DATABASE = "twin_world"


@pytest.fixture(scope="session")
def production(server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A real database with real rows, and a connection to it."""
    world.populate(server, DATABASE)
    with psycopg.connect(server.dsn(DATABASE), autocommit=True) as connection:
        yield connection
    with psycopg.connect(server.dsn(), autocommit=True) as control:
        control.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(DATABASE)))


@pytest.fixture(scope="session")
def stored(server: Server, production: psycopg.Connection[Any]) -> Stored:
    """Its profile, with all values."""
    profile, schema = capture(server.dsn(DATABASE), keep=["*"])
    return Stored(profile=profile, schema=schema, folder=Path())


@pytest.fixture(scope="session")
def twin(server: Server, stored: Stored) -> Iterator[Twin]:
    """Its twin; the database goes at the end."""
    with closing(Twin.open(stored, server)) as made:
        yield made
    build.discard(server, build.name(stored, server))
