from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_prodparity.databases.provider import Server
from tests.postgres.production import Production, build


@pytest.fixture(scope="session")
def production(server: Server) -> Iterator[Production]:
    """A shop with some hundred thousand rows."""
    made = build(server)
    yield made
    made.connection.close()
