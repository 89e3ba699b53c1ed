"""`idle-in-transaction` through the real wire: what waits with a transaction open, and what only looks like it."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

from pytest_prodparity.core.expectation import Expectation
from pytest_prodparity.core.findings import Judgement
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.queries.judge import judge
from pytest_prodparity.queries.recorder import Recorder
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream

WAIT_S = 0.4

PROGRAM = f"""
import asyncio, http.client, socket, sys, threading, time
import psycopg

def sleeps(dsn):
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT 1 FROM pg_class LIMIT 1")
        time.sleep({WAIT_S})  # here
        connection.execute("SELECT 2 FROM pg_class LIMIT 1")

def calls_out(dsn):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with psycopg.connect(dsn) as connection:
            connection.execute("SELECT 1 FROM pg_class LIMIT 1")
            call(silent.getsockname()[1])
            connection.execute("SELECT 2 FROM pg_class LIMIT 1")

def call(port):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout={WAIT_S})
    try:
        client.request("GET", "/")
        client.getresponse()  # here
    except TimeoutError:
        pass
    finally:
        client.close()

async def awaits(dsn):
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        await connection.execute("SELECT 1 FROM pg_class LIMIT 1")
        await asyncio.sleep({WAIT_S})  # here
        await connection.execute("SELECT 2 FROM pg_class LIMIT 1")

def sleeps_in_a_thread(dsn):
    thread = threading.Thread(target=sleeps, args=[dsn], name="worker")
    thread.start()
    thread.join()

def commits_first(dsn):
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT 1 FROM pg_class LIMIT 1")
        connection.commit()
        time.sleep({WAIT_S})
        connection.execute("SELECT 2 FROM pg_class LIMIT 1")

def sleeps_before(dsn):
    with psycopg.connect(dsn) as connection:
        time.sleep({WAIT_S})
        connection.execute("SELECT 2 FROM pg_class LIMIT 1")

def computes(dsn):
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT 1 FROM pg_class LIMIT 1")
        end, n = time.monotonic() + {WAIT_S}, 0
        while time.monotonic() < end:
            n += sum(range(50))
        connection.execute("SELECT 2 FROM pg_class LIMIT 1")

def asks_long(dsn):
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT 1 FROM pg_class LIMIT 1")
        connection.execute("SELECT pg_sleep({WAIT_S}) FROM pg_class LIMIT 1")

def asks_on_another_connection(dsn):
    with psycopg.connect(dsn) as connection, psycopg.connect(dsn) as other:
        connection.execute("SELECT 1 FROM pg_class LIMIT 1")
        other.execute("SELECT pg_sleep({WAIT_S}) FROM pg_class LIMIT 1")
        connection.execute("SELECT 2 FROM pg_class LIMIT 1")

def debugs(dsn):
    import pdb
    class Slow:
        def readline(self):
            time.sleep({WAIT_S})
            return "c\\n"
    class Nowhere:
        def write(self, text): pass
        def flush(self): pass
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT 1 FROM pg_class LIMIT 1")
        before = sys.gettrace()
        pdb.Pdb(stdin=Slow(), stdout=Nowhere(), nosigint=True, readrc=False).set_trace()
        sys.settrace(before)
        connection.execute("SELECT 2 FROM pg_class LIMIT 1")

def uncommitted(dsn):
    connection = psycopg.connect(dsn)
    connection.execute("INSERT INTO paid VALUES (1)")
    return connection

def committed(dsn):
    connection = psycopg.connect(dsn)
    connection.execute("INSERT INTO paid VALUES (1)")
    connection.commit()
    return connection

def only_read(dsn):
    connection = psycopg.connect(dsn)
    connection.execute("SELECT * FROM paid")
    return connection
"""


@pytest.fixture(scope="module")
def upstream(server: Server) -> Upstream:
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute("CREATE TABLE IF NOT EXISTS paid (id int)")
    return Upstream(host=server.host, port=server.port, user=server.user, password=server.password, database="postgres")


@pytest.fixture
def program(tmp_path: Path) -> ModuleType:
    path = tmp_path / "shop.py"
    path.write_text(textwrap.dedent(PROGRAM))
    spec = importlib.util.spec_from_file_location("shop", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def wire(upstream: Upstream, tmp_path: Path) -> Iterator[Wire]:
    with Wire(lambda: upstream, root=tmp_path) as wire:
        yield wire


def run(
    wire: Wire, upstream: Upstream, root: Path, program: ModuleType, name: str, test: str = "test_shop.py::test_it"
) -> Judgement:
    recorder = Recorder(root)
    wire.taps.append(recorder)
    dsn = f"host=127.0.0.1 port={wire.port} user={upstream.user} password={upstream.password} sslmode=disable"
    call = getattr(program, name)
    kept = asyncio.run(call(dsn)) if inspect.iscoroutinefunction(call) else call(dsn)
    trips = recorder.stop()
    still_open = [one.number for one in wire.connections]
    if kept is not None:
        kept.close()
    assert trips
    return judge(
        trips, planner=None, profile=None, expectation=Expectation(), thresholds={}, test=test, root=root,
        pauses=recorder.pauses, left_open=still_open,
    )  # fmt: skip


def marked(root: Path, function: str, text: str = "# here") -> str:
    """The first line that holds `text` after `def function`."""
    lines = (root / "shop.py").read_text().splitlines()
    start = next(at for at, line in enumerate(lines) if f"def {function}(" in line)
    return f"shop.py:{next(at for at in range(start, len(lines)) if text in lines[at]) + 1}"


@pytest.mark.parametrize(
    ("name", "where"),
    [("sleeps", "sleeps"), ("calls_out", "call"), ("awaits", "awaits"), ("sleeps_in_a_thread", "sleeps")],
)
def test_a_wait_with_a_transaction_open_is_found_at_its_line(
    wire: Wire, upstream: Upstream, tmp_path: Path, program: ModuleType, name: str, where: str
) -> None:
    found = run(wire, upstream, tmp_path, program, name).findings
    at = marked(tmp_path, where)
    assert [each.rule for each in found] == ["idle-in-transaction"]
    assert found[0].details["waits_at"] == at
    assert str(found[0].source) == marked(tmp_path, name if name in ("calls_out", "awaits") else "sleeps", "SELECT 1")
    assert 100 < found[0].details["ms"] <= 600
    assert found[0].title.endswith(f"of waiting at {at} while a transaction is open")


@pytest.mark.parametrize(
    "name",
    [
        "commits_first",
        "sleeps_before",
        "computes",
        "asks_long",
        "asks_on_another_connection",
        "debugs",
        "committed",
        "only_read",
    ],
)
def test_not_accused(wire: Wire, upstream: Upstream, tmp_path: Path, program: ModuleType, name: str) -> None:
    before = sys.gettrace()
    assert run(wire, upstream, tmp_path, program, name).findings == ()
    assert sys.gettrace() is before


def test_a_test_that_waits_itself_is_not_accused(
    wire: Wire, upstream: Upstream, tmp_path: Path, program: ModuleType
) -> None:
    assert run(wire, upstream, tmp_path, program, "sleeps", test="shop.py::sleeps").findings == ()


def test_changes_that_nobody_commits_are_found(
    wire: Wire, upstream: Upstream, tmp_path: Path, program: ModuleType
) -> None:
    found = run(wire, upstream, tmp_path, program, "uncommitted").findings
    assert [(each.rule, each.subject) for each in found] == [("idle-in-transaction", "paid")]
    assert found[0].title == "1 transaction with changes is neither committed nor rolled back"
