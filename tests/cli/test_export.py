"""`prodparity export locust`: what a locustfile holds, what cannot be exported, and that it runs."""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pytest_prodparity.cli.locustfile import locustfile
from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.databases.provider import Server
from tests.docs.pages import DOCS, blocks
from tests.project import Project, run_command

HEAD = """\
from __future__ import annotations
import os
import pytest
from psycopg_pool import ConnectionPool
from shop import SoldOut, buy

ITEM = 1
OTHER = 2


def twice(pool, number):
    \"\"\"Buys
    two.\"\"\"
    buy(pool, ITEM + number)
    buy(pool, ITEM)


"""

Export = Callable[..., str]


@pytest.fixture
def export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Export:
    """The locustfile of a test with this source, whose name is `test_it`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()

    def made(source: str, *, head: str = HEAD, line: int | None = None, node: str = "test_it") -> str:
        (tmp_path / "tests" / "test_shop.py").write_text(head + source, encoding="utf-8")
        return locustfile(f"tests/test_shop.py::{node}", line=line, folder=tmp_path)

    return made


def part(text: str) -> str:
    """What is of the test."""
    return text.partition("# --- of the test and its module\n")[2].partition("# --- the load")[0].strip()


def test_it_holds_the_call_and_what_the_call_needs(export: Export) -> None:
    text = export("""\
def test_it(parity_db, parity_stress):
    parity_db.owner.execute("INSERT INTO item VALUES (1)")
    unused = OTHER
    with ConnectionPool(parity_db.dsn, open=False) as pool:
        pool.open()
        result = parity_stress(lambda n: twice(pool, n), actors=4, allow=(SoldOut,))
    assert result
""")
    assert (
        part(text)
        == '''\
from psycopg_pool import ConnectionPool
from shop import SoldOut, buy
ITEM = 1


def twice(pool, number):
    """Buys
    two."""
    buy(pool, ITEM + number)
    buy(pool, ITEM)


def make_call(_exits):
    pool = _exits.enter_context(ConnectionPool(parity_db.dsn, open=False))
    pool.open()
    return (lambda n: twice(pool, n), (SoldOut,))'''
    )
    assert "locust -f locustfile.py --headless -u 4 -r 4 -t 60s -s 10" in text
    assert "    dsn=" in text
    assert "    engine=" not in text
    assert "wait_time = constant(0)" in text
    assert text.index("from __future__ import annotations") < text.index("import asyncio")


def test_a_rate_is_kept_by_all_users_together(export: Export) -> None:
    text = export("def test_it(parity_stress):\n    parity_stress(lambda: buy(None, ITEM), 8, rate=200)\n")
    assert "wait_time = constant_throughput(200 / 8)" in text


def test_an_asynchronous_test_is_made_in_the_loop(export: Export) -> None:
    text = export("""\
async def test_it(parity_db, parity_stress):
    import asyncpg
    async with asyncpg.create_pool(parity_db.dsn) as pool:
        async def one():
            query = \"\"\"
  UPDATE item
            \"\"\"
            await pool.execute(query)
        await parity_stress(one)
""")
    assert (
        part(text)
        == """\
async def make_call(_exits):
    import asyncpg
    pool = await _exits.enter_async_context(asyncpg.create_pool(parity_db.dsn))
    async def one():
        query = '\\n  UPDATE item\\n            '
        await pool.execute(query)
    return (one, ())"""
    )
    assert "awaited(make_call(_stack))" in text


def test_a_test_of_a_class_with_parameters_is_found(export: Export) -> None:
    source = "class TestShop:\n    def test_it(self, parity_stress):\n        a = 1; b = a\n        parity_stress(call=lambda: buy(None, b))\n"
    text = export(source, node="TestShop::test_it[two]")
    assert "    a = 1\n    b = a\n    return (lambda: buy(None, b), ())" in text


def test_what_changes_a_name_is_kept_with_it(export: Export) -> None:
    text = export("""\
def test_it(parity_stress):
    items = []
    items.append(1)
    total = 0
    total += 1
    for item in range(3):
        items.append(item)
    key = {}
    key["a"] = total
    parity_stress(lambda: [buy(items, each) for each in items if key])
""")
    assert "items.append(1)" in text
    assert "total += 1" in text
    assert 'key["a"] = total' in text


def test_the_settings_environment_is_made_from_the_database(export: Export, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\npythonpath = ["lib"]\n[tool.prodparity.env]\nSHOP_DB = "{db.dsn}"\nDEBUG = "1"\n',
        encoding="utf-8",
    )
    text = export("def test_it(parity_stress):\n    parity_stress(lambda: buy(None, ITEM))\n")
    assert "'SHOP_DB': '{db.dsn}'," in text
    assert "DEBUG" not in text
    assert 'for _folder in (".", "lib", "tests",)]' in text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "def test_it(parity_stress, customer):\n    parity_stress(lambda: buy(customer, 1))\n",
            "the call on line 19 needs 'customer', which pytest gives to the test, and Locust cannot",
        ),
        (
            "def test_it(parity_db, parity_stress):\n    row = parity_db.sample('item')\n    parity_stress(lambda: buy(row, 1))\n",
            "needs parity_db.sample, which there is under pytest only; there are async_url, connect, dsn, engine, url",
        ),
        ("def test_it(parity_stress):\n    parity_stress(lambda: sell(1))\n", "needs 'sell', which the test's module"),
        ("def test_it(parity_stress):\n    parity_stress()\n", "parity_stress on line 19 gets no call"),
        ("def test_it(parity_db):\n    pass\n", "does not call parity_stress.\nTo fix: name a test that does"),
        ("def test_if(parity_db):\n    pass\n", "has no test 'test_it' (did you mean 'test_if'?)"),
        (
            "from .there import buy2\ndef test_it(parity_stress):\n    parity_stress(buy2)\n",
            "needs the relative import on line 18: import it by its full name",
        ),
        ("def test_it(:\n", "tests/test_shop.py:18 is no Python"),
        (
            "def test_it(parity_stress):\n    parity_stress(buy)\n    parity_stress(buy)\n",
            "calls parity_stress 2 times, on the lines 19, 20.\nTo fix: say which: --line 19",
        ),
    ],
)
def test_what_cannot_be_exported_is_refused(export: Export, source: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        export(source)
    assert said in str(refused.value)
    assert "\nTo fix: " in str(refused.value)


def test_of_several_calls_one_is_named_by_its_line(export: Export) -> None:
    source = "def test_it(parity_stress):\n    parity_stress(buy)\n    parity_stress(lambda: buy(None, OTHER))\n"
    assert "OTHER = 2" in export(source, line=20)
    with pytest.raises(UsageError, match="does not call parity_stress on line 3, but on 19, 20"):
        export(source, line=3)


@pytest.mark.parametrize("node", ["tests/test_shop.py", "tests/none.py::test_it"])
def test_what_is_no_test_is_refused(export: Export, node: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is not PATH::TEST|cannot be read: No such file"):
        locustfile(node, line=None, folder=tmp_path)


@pytest.fixture
def documented(tmp_path: Path, cache: Path) -> Project:
    """The files of the page on load."""
    files = {
        str(block.order).removeprefix("file: "): block.text
        for block in blocks("python")
        if block.page == DOCS / "how-to/stress.md" and block.order
    }
    return Project(tmp_path, cache).write(files)


def test_a_file_that_exists_is_not_replaced(documented: Project) -> None:
    test = "tests/test_shop.py::test_many_buy"
    documented.write({"locustfile.py": "mine"})
    assert "locustfile.py exists already.\nTo fix: -o another.py, or --force" in run_command(
        documented, "export", "locust", test, status=2
    )
    assert "class Actor(User)" in run_command(documented, "export", "locust", test, "-o", "-")
    assert (documented.folder / "locustfile.py").read_text() == "mine"
    assert "Written: locustfile.py" in run_command(documented, "export", "locust", test, "--force")
    said = run_command(documented, "export", "locust", test, "-o", "no/such.py", status=2)
    assert "no/such.py cannot be written: No such file or directory" in said


@pytest.fixture
def copy(server: Server) -> Iterator[str]:
    """A database with what the page's test arranges."""
    name = f"copy_{secrets.token_hex(4)}"
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            with psycopg.connect(server.dsn(name), autocommit=True) as owner:
                owner.execute("CREATE TABLE item (id int PRIMARY KEY, stock int NOT NULL)")
                owner.execute("INSERT INTO item VALUES (1, 50)")
            yield server.dsn(name)
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def locust(documented: Project, copy: str, *arguments: str) -> subprocess.Popen[str]:
    # Locust's own reading of the environment is the user's.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    return subprocess.Popen(
        [sys.executable, "-m", "locust", "-f", "locustfile.py", *arguments],
        cwd=documented.folder, env={**environment, "DATABASE_URL": copy}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def test_the_pages_example_runs_on_a_master_and_two_workers(documented: Project, copy: str) -> None:
    pytest.importorskip("importlib.metadata").distribution("locust")
    run_command(documented, "export", "locust", "tests/test_shop.py::test_many_buy")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    master = locust(
        documented, copy, "--headless", "-u", "4", "-r", "4", "-t", "2s", "-s", "10", "--master", "--expect-workers", "2",
        "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port), "--json", "--loglevel", "ERROR",
    )  # fmt: skip
    workers = [
        locust(documented, copy, "--worker", "--master-host", "127.0.0.1", "--master-port", str(port)) for _ in range(2)
    ]
    told = [each.communicate(timeout=60)[0] for each in (master, *workers)]
    assert [each.returncode for each in (master, *workers)] == [0, 0, 0], told
    found = re.search(r"^\[.*?^\]", told[0], re.MULTILINE | re.DOTALL)
    assert found is not None, told
    (entry,) = json.loads(found[0])
    assert entry["name"] == "test_many_buy"
    assert entry["num_requests"] > 50
    assert entry["num_failures"] == 0  # SoldOut is allowed
    with psycopg.connect(copy) as connection:
        assert connection.execute("SELECT stock FROM item").fetchone() == (0,)


def test_without_a_database_it_says_what_to_set(documented: Project) -> None:
    run_command(documented, "export", "locust", "tests/test_shop.py::test_many_buy")
    process = locust(documented, "", "--headless", "-t", "1s")
    told, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "Set DATABASE_URL=postgresql://USER:PASSWORD@HOST/COPY" in told
