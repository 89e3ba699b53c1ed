"""2 000 small tests that commit, on two workers, beside pytest-postgresql's copy of the database for each test.

The same tests twice: with `parity_db`, marked, so recorded and judged by production's plans besides; and with the fixture
`postgresql`, on the same server with the same settings. Every test asserts that it finds none of the rows that all tests
commit. Seconds are those of the whole pytest process. `PRODPARITY_SUITE_TESTS` sets the number of tests.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.first_test import PARITY, _cache
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server

TESTS = int(os.environ.get("PRODPARITY_SUITE_TESTS", "2000"))
FILES = 20

BODY = """
def customers(connection):
    return connection.execute("SELECT id FROM public.customers ORDER BY id LIMIT 10").fetchall()


def register(connection, number):
    connection.execute(
        "INSERT INTO public.customers (id, email, name, country, created_at) VALUES (%s, %s, 'Ada', 'GB', now())",
        (number, f"{number}@example.com"),
    )
    connection.execute(
        "INSERT INTO public.orders (customer_id, status, total, placed_at) VALUES (%s, 'open', 19, now())", (number,)
    )
    connection.commit()


def check(connection, number):
    assert customers(connection) == []
    register(connection, 1)
    register(connection, 2 + number)
    connection.execute("UPDATE public.customers SET country = 'FR' WHERE id = 1")
    connection.commit()
    assert len(customers(connection)) == 2
"""

OURS = """
import pytest
from shop import check


@pytest.mark.prodparity
@pytest.mark.parametrize("number", range({count}))
def test_customers(parity_db, number):
    with parity_db.connect() as connection:
        check(connection, number)
"""

THEIRS = """
import pytest
from shop import check


@pytest.mark.parametrize("number", range({count}))
def test_customers(postgresql, number):
    check(postgresql, number)
"""

CONFTEST = """
from pathlib import Path

from pytest_postgresql import factories

server = factories.postgresql_noproc(
    host={host!r}, port={port}, user={user!r}, password={password!r}, load=[Path(__file__).with_name("schema.sql")]
)
postgresql = factories.postgresql("server")
"""


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Ours, theirs."""
    with _cache() as cache, tempfile.TemporaryDirectory() as name:
        ours = _ours(Path(name), cache)
    provider = Embedded(throw_away=True)
    try:
        with tempfile.TemporaryDirectory() as name:
            theirs = _theirs(Path(name), provider.start())
    finally:
        provider.stop()
    table = [
        [f"{TESTS:,} tests, -n 2", "seconds", "ms a test"],
        ["pytest-prodparity", f"{ours:.1f}", f"{ours / TESTS * 1000:.1f}"],
        ["pytest-postgresql, a copy for each test", f"{theirs:.1f}", f"{theirs / TESTS * 1000:.1f}"],
        ["times", f"{theirs / ours:.1f}", ""],
    ]
    return table, {"tests": TESTS, "seconds": round(ours, 1), "pytest_postgresql_seconds": round(theirs, 1)}


def _ours(folder: Path, cache: Path) -> float:
    (folder / "pyproject.toml").write_text(
        f'[tool.pytest.ini_options]\npythonpath = ["."]\n[tool.prodparity]\nprofile = "{PARITY.resolve()}"\n'
        "[tool.prodparity.levels.dev]\nrows = 0\n"
    )
    _write(folder, OURS)
    _timed(
        folder, "-p", "pytest_prodparity.plugin", "test_0.py", cache=cache
    )  # the template is kept, as it is for developers
    return _timed(folder, "-p", "pytest_prodparity.plugin", cache=cache)


def _theirs(folder: Path, server: Server) -> float:
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    (folder / "conftest.py").write_text(
        CONFTEST.format(host=server.host, port=server.port, user=server.user, password=server.password)
    )
    schema = (PARITY / "schema.sql").read_text()
    (folder / "schema.sql").write_text(re.sub(r"^\\.*\n", "", schema, flags=re.MULTILINE))
    _write(folder, THEIRS)
    return _timed(folder, "-p", "pytest_postgresql.plugin")


def _write(folder: Path, tests: str) -> None:
    (folder / "shop.py").write_text(BODY)
    for number in range(FILES):
        (folder / f"test_{number}.py").write_text(tests.format(count=TESTS // FILES))


def _timed(folder: Path, *arguments: str, cache: Path | None = None) -> float:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PRODPARITY_"))}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    if cache is not None:
        environment["PRODPARITY_CACHE"] = str(cache)
    call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "xdist", "-n", "2", *arguments]
    began = time.monotonic()
    done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        raise SystemExit(f"the suite did not pass:\n{done.stdout[-4000:]}{done.stderr}")
    return seconds
