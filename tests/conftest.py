"""Fixtures for the whole suite."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real, empty PostgreSQL for this run (and worker), apart from the clusters that users keep."""
    # Thousands of small files: in memory where there is plenty.
    memory = Path("/dev/shm")
    plenty = memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30
    provider = Embedded(Path(tempfile.mkdtemp(prefix="prodparity-", dir=memory)) if plenty else None, throw_away=True)
    try:
        yield provider.start()
    finally:
        provider.stop()


@pytest.fixture(scope="session")
def cache() -> Iterator[Path]:
    """Where the projects' clusters live: shared by all of them, thrown away with the run.

    Not below pytest's temporary folder, which the user that runs the server for root may not enter.
    """
    folder = Path(tempfile.mkdtemp(prefix="prodparity cache ", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI nothing may be skipped: what a test needs is installed there."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}\nIn CI everything must run."
    return report


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In CI a failure is told when it happens: a run that is cut off tells nothing later."""
    if report.failed and os.environ.get("CI") and not os.environ.get("PYTEST_XDIST_WORKER"):
        print(f"\nFAILED {report.nodeid} ({report.when})\n{report.longreprtext[-2000:]}", flush=True)
