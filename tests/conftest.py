"""Fixtures for the whole suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real, empty PostgreSQL for this run (and worker), apart from the clusters that users keep."""
    provider = Embedded(throw_away=True)
    try:
        yield provider.start()
    finally:
        provider.stop()
