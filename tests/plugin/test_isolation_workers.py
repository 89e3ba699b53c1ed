"""Many workers share a server; none meets what another wrote, and none waits for another."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.plugin.test_isolation import ENVIRONMENT, POOLED, copies
from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]

MODULE = """\
import pytest, app
pytestmark = pytest.mark.prodparity

@pytest.fixture(scope="module")
def seeded():
    app.add("NAME")

@pytest.mark.parametrize("number", range(4))
def test_seeded(seeded, number):
    assert app.codes() == ["NAME"]
    app.add(f"t{number}")

@pytest.mark.parametrize("number", range(4))
def test_plain(number):
    assert "t0" not in app.codes()
    app.add("t0")
"""


def modules(count: int) -> dict[str, str]:
    return {f"test_{n}.py": MODULE.replace("NAME", f"module{n}") for n in range(count)}


@pytest.mark.parametrize(
    "arguments", [("-n8",), ("-n3", "--dist=loadscope", "--randomly-seed=3"), ("--randomly-seed=7",)]
)
def test_workers_and_any_order(project: Make, arguments: tuple[str, ...]) -> None:
    files = {"app.py": POOLED, "pyproject.toml": ENVIRONMENT, **modules(3)}
    shuffled = "--randomly-seed" in arguments[-1]
    result = project(files).run(*arguments, environment={"PYTEST_ADDOPTS": ""} if shuffled else None)
    assert result.outcomes == {"passed": 24}, result.out
    assert ("Using --randomly-seed" in result.out) == shuffled
    assert copies(result) == []
    assert result.out.count("isolation: delta") == 1


def test_a_worker_that_crashes_is_replaced(project: Make) -> None:
    crashing = MODULE.replace("NAME", "c") + (
        "\ndef test_crash():\n    import os\n    app.add('crash')\n    os._exit(9)\n"
        "\n@pytest.mark.parametrize('number', range(6))\ndef test_after(number):\n    assert 'crash' not in app.codes()\n"
    )
    result = project({"app.py": POOLED, "pyproject.toml": ENVIRONMENT, "test_c.py": crashing}).run("-n2")
    assert result.outcomes == {"failed": 1, "passed": 14}, result.out
    assert "worker 'gw" in result.out
    assert "crashed" in result.out


def test_a_long_transaction_of_one_worker_does_not_stop_the_others(project: Make) -> None:
    tests = """\
import os, pathlib, time
import pytest, app
from sqlalchemy import text
pytestmark = pytest.mark.prodparity
DONE = pathlib.Path("done")

@pytest.mark.xdist_group("long")
def test_long():
    with app.engine.connect() as connection:
        connection.execute(text("INSERT INTO country VALUES ('l', 'x')"))
        pathlib.Path("holding").write_text("")
        deadline = time.monotonic() + 60
        while not DONE.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        connection.rollback()

@pytest.mark.xdist_group("others")
def test_waits_for_the_start():
    deadline = time.monotonic() + 60
    while not pathlib.Path("holding").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)

@pytest.mark.xdist_group("others")
@pytest.mark.parametrize("number", range(3))
def test_changes_the_schema(number):
    assert app.codes() == []
    with app.engine.begin() as connection:
        connection.execute(text("DROP TABLE country CASCADE"))

@pytest.mark.xdist_group("others")
def test_last():
    assert app.codes() == []
    DONE.write_text("")
"""
    made = project({"app.py": POOLED, "pyproject.toml": ENVIRONMENT, "test_it.py": tests})
    result = made.run("-n2", "--dist=loadgroup")
    assert result.outcomes == {"passed": 6}, result.out
    assert any("a transaction has been open on the server for" in reason for _, reason in copies(result)), result.out


def test_the_last_that_was_collected_need_not_be_the_last_that_runs(project: Make) -> None:
    few = """\
import pytest, app
pytestmark = pytest.mark.prodparity

@pytest.fixture(scope="module")
def seeded():
    app.add("seeded")

def test_seeded(seeded):
    assert app.codes() == ["seeded"]
"""
    many = """\
import pytest, app

@pytest.mark.prodparity
@pytest.mark.parametrize("number", range(3))
def test_plain(number):
    assert app.codes() == []
    app.add("plain")
"""
    made = project({"app.py": POOLED, "pyproject.toml": ENVIRONMENT, "test_a.py": few, "test_b.py": many})
    # The module with the most tests is handed out first.
    result = made.run("-n1", "--dist=loadscope")
    assert result.outcomes == {"passed": 4}, result.out
    assert copies(result) == []
    # In this order without workers, and with a last test that runs twice.
    again = """
def pytest_runtest_protocol(item, nextitem):
    from _pytest.runner import runtestprotocol
    if nextitem is None:
        runtestprotocol(item, log=False, nextitem=None)
"""
    made.write({"conftest.py": again, "test_a.py": few.replace('["seeded"]\n', '["seeded"]\n    app.add("test")\n')})
    assert made.run("test_b.py", "test_a.py").outcomes == {"passed": 4}
