"""Tests here need a Docker daemon. They are skipped on a machine without one, which .ci never is."""

from __future__ import annotations

import pytest

from pytest_prodparity.databases.daemon import Daemon, daemon

IMAGE = "postgres:15"


@pytest.fixture(scope="session")
def docker_daemon() -> Daemon:
    found = daemon()
    if found.version is None:
        pytest.skip(f"no Docker daemon: {found.problem}; to run this test: {found.fix}")
    if not found.has(IMAGE):
        pytest.skip(f"no image {IMAGE}; to run this test: docker pull {IMAGE}, or .ci/docker")
    return found
