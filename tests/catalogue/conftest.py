"""The programs' own tests are run by a pytest of their own, in a project of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.databases.provider import Server

from tests.catalogue.harness import Catalogue

collect_ignore_glob = ["*/*/test_*.py", "*/*/*/test_*.py"]


@pytest.fixture(scope="session")
def catalogue(server: Server, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return Catalogue(server, tmp_path_factory.getbasetemp() / "catalogue", cache)
