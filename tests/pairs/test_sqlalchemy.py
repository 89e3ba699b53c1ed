"""SQLAlchemy's `pool_pre_ping` asks SELECT 1, which works on a server that only reads: a failover needs a hook for 25006."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.databases.provider import Server
from tests.project import Project, Result, production

TABLES = "CREATE TABLE seat (id bigint PRIMARY KEY, guest text NOT NULL DEFAULT '');"

PROGRAM = """\
import time

from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError


class Hall:
    def __init__(self, url):
        self.engine = create_engine(
            url, pool_pre_ping=True, connect_args={"connect_timeout": 3, "tcp_user_timeout": 1000}
        )

    def book(self, seat, guest):
        for attempt in range(5):
            try:
                with self.engine.begin() as connection:
                    connection.execute(
                        text("UPDATE seat SET guest = :guest WHERE id = :seat"), {"guest": guest, "seat": seat}
                    )
                return
            except DBAPIError:
                time.sleep(0.01 * 2**attempt)
        raise RuntimeError("tried five times")


class HookedHall(Hall):
    def __init__(self, url):
        super().__init__(url)

        @event.listens_for(self.engine, "handle_error")
        def read_only_is_lost(context):
            if getattr(context.original_exception, "sqlstate", None) == "25006":
                context.is_disconnect = True
"""

TESTS = """\
import os

import pytest
from halls import Hall, HookedHall
from pytest_prodparity import Failover

plain, hooked = Hall(os.environ["DATABASE_URL"]), HookedHall(os.environ["DATABASE_URL"])


@pytest.fixture(autouse=True)
def seats(parity_db):
    parity_db.owner.execute("INSERT INTO seat SELECT generate_series(1, 3)")


@pytest.mark.prodparity(faults=[Failover(seconds=0.05)])
def test_plain(parity_db):
    plain.book(1, "Ada")


@pytest.mark.prodparity(faults="tolerate")
def test_plain_must_get_over_it():
    plain.book(2, "Ada")


@pytest.mark.prodparity(faults=[Failover(seconds=0.05)])
def test_hooked():
    hooked.book(1, "Ada")


@pytest.mark.prodparity(faults="tolerate")
def test_hooked_must_get_over_it():
    hooked.book(2, "Ada")
"""

SETTINGS = """\
[tool.prodparity.levels.staging]
rows = 0
growth = false
latency = 0

[tool.prodparity.env]
DATABASE_URL = "{db.url}"
"""


@pytest.fixture(scope="module")
def swept(server: Server, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("halls") / "a project"
    production(server, "halls", TABLES, folder)
    made = Project(folder, cache).write({"pyproject.toml": SETTINGS, "halls.py": PROGRAM, "test_halls.py": TESTS})
    return made.run("--parity-level=staging", "--parity-database=embedded", "-v")


def outcomes(swept: Result, test: str) -> dict[str, str]:
    """By scenario's kind what came of it, the worst of one kind."""
    assert swept.report is not None, swept.out
    (found,) = (one for one in swept.report["tests"] if one["id"].endswith(f"::{test}"))
    said = sorted(((one["token"].partition(":")[2], one["outcome"]) for one in found["scenarios"]), reverse=True)
    return dict(said)


def test_a_pool_that_only_pings_keeps_its_connections_to_a_server_that_only_reads(swept: Result) -> None:
    assert outcomes(swept, "test_plain") == {"failover": "no-recovery"}, swept.out
    must = outcomes(swept, "test_plain_must_get_over_it")
    assert must.pop("failover") == "not-tolerated", swept.out
    assert set(must.values()) == {"got over it"}, swept.out


def test_with_a_hook_for_25006_it_gets_over_a_failover(swept: Result) -> None:
    assert outcomes(swept, "test_hooked") == {"failover": "got over it"}, swept.out
    must = outcomes(swept, "test_hooked_must_get_over_it")
    assert "failover" in must
    assert set(must.values()) == {"got over it"}, swept.out
    assert swept.outcomes == {"passed": 2, "failed": 2}, swept.out
