"""A server that a fixture starts, in a process of its own: the faults of the test meet it, too."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import pytest

from tests.plugin.test_sweep import rules
from tests.project import Project, Result
from tests.relay.serving import shop

Make = Callable[[Mapping[str, str]], Project]

SERVICE = """\
import asyncio
import os
import time
import urllib.request

import psycopg
from sqlalchemy import create_engine, text

DSN = os.environ["DSN"]
engine = create_engine(os.environ["DATABASE_URL"])
ORDER = "INSERT INTO \\"order\\" (customer_id, state, total) VALUES (1, 'open', 5)"


def whole():
    with psycopg.connect(DSN) as connection:
        connection.execute(ORDER)
        connection.execute("UPDATE customer SET name = 'buyer' WHERE id = 1")


def pooled():
    with engine.begin() as connection:
        connection.execute(text(ORDER))
        connection.execute(text("UPDATE customer SET name = 'buyer' WHERE id = 1"))


def torn():
    with psycopg.connect(DSN, autocommit=True) as connection:
        connection.execute(ORDER)
        connection.execute("UPDATE customer SET name = 'buyer' WHERE id = 1")


def swallowed():
    try:
        whole()
    except psycopg.Error:
        pass


def twice():
    for attempt in range(3):
        try:
            return whole()
        except psycopg.Error:
            time.sleep(0.01)
    raise RuntimeError("tried three times")


def charged():
    for attempt in range(3):
        try:
            urllib.request.urlopen(os.environ["PAYMENTS_URL"], data=b"5", timeout=2).read()
            break
        except OSError:
            time.sleep(0.02)
    whole()


def exits():
    try:
        whole()
    except psycopg.Error:
        os._exit(1)


CALLS = {f"/{call.__name__}": call for call in (whole, pooled, torn, swallowed, twice, charged, exits)}


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            said = (await receive())["type"]
            await send({"type": f"{said}.complete"})
            if said == "lifespan.shutdown":
                return
    await asyncio.to_thread(CALLS[scope["path"]])
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


def wsgi(environ, start_response):
    CALLS[environ["PATH_INFO"]]()
    start_response("201 Created", [("Content-Length", "0")])
    return []
"""

SERVERS = """\
import contextlib
import socket
import subprocess
import sys
import time

import pytest


@contextlib.contextmanager
def serving(*command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", *(word.format(port=port) for word in command)], stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


UVICORN = ("uvicorn", "service:asgi", "--port={port}")
GUNICORN = ("gunicorn", "service:wsgi", "--bind=127.0.0.1:{port}", "--workers=2", "--no-control-socket")


@pytest.fixture(scope="session", params=[UVICORN, GUNICORN], ids=["uvicorn", "gunicorn"])
def service(request):
    with serving(*request.param) as url:
        yield url


@pytest.fixture(scope="session")
def uvicorn():
    with serving(*UVICORN) as url:
        yield url
"""

BY_HAND = """\
import httpx
import pytest
from pytest_prodparity import ReplyLost, ResetPeer


def orders(parity_db):
    return len(parity_db.delta()['"order"'].inserted)


@pytest.mark.parametrize("call", ["whole", "pooled"])
def test_a_served_request_meets_a_fault_and_the_next_one_none(parity_db, parity_faults, service, call):
    parity_db.owner.execute("INSERT INTO customer VALUES (1, 'name', 'c1')")
    assert httpx.post(f"{service}/{call}").status_code == 201
    with parity_faults(ResetPeer()):
        assert httpx.post(f"{service}/{call}").status_code == 500
    assert httpx.post(f"{service}/{call}").status_code == 201
    assert orders(parity_db) == 2


def test_the_reply_of_its_commit(parity_db, parity_faults, service):
    parity_db.owner.execute("INSERT INTO customer VALUES (1, 'name', 'c1')")
    with parity_faults(ReplyLost(trip=4)):
        assert httpx.post(f"{service}/twice").status_code == 201
    assert orders(parity_db) == 2
"""

SWEPT = """\
import httpx
import pytest
from conftest import UVICORN, serving

pytestmark = pytest.mark.prodparity


@pytest.fixture(autouse=True)
def customers(parity_db):
    parity_db.owner.execute("INSERT INTO customer SELECT n, 'name', 'c1' FROM generate_series(1, 9) n")


@pytest.mark.parametrize("call", ["whole", "pooled", "torn", "swallowed", "twice", "charged"])
def test_served(uvicorn, call):
    answer = httpx.post(f"{uvicorn}/{call}")
    assert answer.status_code == 201


@pytest.fixture(scope="module")
def worker():
    with serving(*UVICORN) as url:
        yield url


def test_served_by_a_process_that_ends_itself(worker):
    httpx.post(f"{worker}/exits").raise_for_status()


@pytest.mark.asyncio
async def test_asked_by_a_task(uvicorn):
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{uvicorn}/torn")
    answer.raise_for_status()


def test_what_the_tests_side_sends_is_not_struck(uvicorn, parity_db):
    httpx.post(f"{uvicorn}/whole").raise_for_status()
    count = counted(parity_db)
    assert count == 1


def counted(parity_db):
    with parity_db.connect() as connection:
        return connection.execute('SELECT count(*) FROM "order"').fetchone()[0]
"""

ENV = """\
DATABASE_URL = "{db.url}"
DSN = "{db.dsn}?connect_timeout=2&tcp_user_timeout=300"
"""

SETTINGS = """\
[tool.prodparity.levels.dev]
rows = 0

[tool.prodparity.levels.staging]
rows = 0
growth = false
latency = 0
faults = 8
"""


def test_faults_by_hand_meet_servers_in_processes_of_their_own(project: Make) -> None:
    settings = f"{SETTINGS}[tool.prodparity.env]\n{ENV}"
    files = {"pyproject.toml": settings, "service.py": SERVICE, "conftest.py": SERVERS, "test_served.py": BY_HAND}
    result = project(files).run()
    assert result.outcomes == {"passed": 6}, result.out


@pytest.fixture(scope="module")
def swept(module_project: Make) -> Result:
    files = {"pyproject.toml": SETTINGS, "service.py": SERVICE, "conftest.py": SERVERS, "test_served.py": SWEPT}
    with shop() as service:
        files["pyproject.toml"] += f'[tool.prodparity.env]\nPAYMENTS_URL = "{{proxy:{service.url}/charge}}"\n' + ENV
        return module_project(files).run("--parity-level=staging", "--parity-database=embedded", "-v")


def test_what_a_server_sends_is_struck_and_judged_by_what_its_test_sees(swept: Result) -> None:
    assert rules(swept) == {
        "test_served[torn]": ["torn-write"],
        "test_served[swallowed]": ["silent-loss"],
        "test_served[twice]": ["double-apply"],
        "test_served[charged]": ["double-apply"],
        "test_asked_by_a_task": ["torn-write"],
    }, swept.out
    assert swept.outcomes == {"passed": 4, "failed": 5}, swept.out
    assert "sent by: another process" in swept.out
    assert swept.report is not None
    outcomes = {one["outcome"] for test in swept.report["tests"] for one in test["scenarios"]}
    untold = {outcome for outcome in outcomes if "cannot tell" in outcome}
    assert untold <= {
        "cannot tell: its pool keeps connections to a server that only reads",
        "cannot tell: the process that was struck has ended, and what starts it again in production is not there",
    }, swept.out
    assert all(test["scenarios"] for test in swept.report["tests"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which process it was")
def test_a_process_that_ends_itself_is_nobodys_fault(swept: Result) -> None:
    assert swept.report is not None
    (untold,) = (one for one in swept.report["untold"] if one["test"].endswith("ends_itself"))
    assert untold["reason"].startswith("faults: the process that was struck has ended"), swept.out
    assert "test_served_by_a_process_that_ends_itself: the program has not got over a fault" in " ".join(
        swept.report["notes"]
    )


def test_the_tests_own_trips_are_left_alone_and_silence_is_left_out(swept: Result) -> None:
    assert swept.report is not None
    struck = {one["fault"] for test in swept.report["tests"] for one in test["scenarios"]}
    assert any("COMMIT" in fault for fault in struck)
    assert not any("SELECT" in fault or fault.startswith("no answer") for fault in struck), struck
