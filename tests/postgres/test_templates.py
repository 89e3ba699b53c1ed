"""Template databases: built once by whoever is first, whole or not there, cloned apart, swept after the dead."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.databases import copying, roles
from pytest_prodparity.databases.kept import BUILDING, stale
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.template import Templates
from tests.postgres.places import line, until

CHILD = """
import sys
from pathlib import Path
import psycopg
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.template import Templates
port, password, key, act = sys.argv[1:]
server = Server(host="127.0.0.1", port=int(port), user="postgres", password=password, version=180006, kind="embedded")
templates = Templates(server)
def build(dsn):
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE t (pid int)")
        connection.execute("INSERT INTO t VALUES (pg_backend_pid())")
    print("built", flush=True)
    if act == "hang":
        sys.stdin.readline()
template = templates.ensure(key, build)
name = templates.clone(template)
print(name, flush=True)
sys.stdin.readline()
templates.close()
"""


@pytest.fixture
def key() -> str:
    return secrets.token_hex(8)


@pytest.fixture
def templates(server: Server) -> Iterator[Templates]:
    with Templates(server) as opened:
        yield opened


def table(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE t (a int PRIMARY KEY)")
        connection.execute("INSERT INTO t VALUES (1)")


def count(server: Server, database: str, query: str = "SELECT count(*) FROM t") -> object:
    who = roles.login(server)
    with psycopg.connect(server.dsn(database, user=who.user, password=who.password)) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def databases(server: Server) -> list[str]:
    with psycopg.connect(server.dsn()) as connection:
        return [str(name) for (name,) in connection.execute("SELECT datname FROM pg_database")]


def child(server: Server, key: str, act: str = "clone") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(server.port), server.password, key, act],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_template_is_built_once(templates: Templates, key: str) -> None:
    built: list[str] = []
    names = {templates.ensure(key, built.append) for _ in range(3)}
    assert len(names) == 1
    assert len(built) == 1
    assert templates.ensure(key + "another", table) not in names


def test_the_builder_is_the_owner_and_no_superuser(server: Server, templates: Templates, key: str) -> None:
    seen: list[object] = []

    def build(dsn: str) -> None:
        with psycopg.connect(dsn) as connection:
            seen.append(connection.execute("SELECT current_user, current_setting('is_superuser')").fetchone())
            connection.execute("CREATE SCHEMA mine")

    clone = templates.clone(templates.ensure(key, build))
    assert seen == [("parity", "off")]
    owner = "SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()"
    assert count(server, clone, owner) == "parity"
    assert count(server, clone, "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication FROM pg_roles"
                 " WHERE rolname = current_user") is False  # fmt: skip


def test_clones_do_not_see_each_other(server: Server, templates: Templates, key: str) -> None:
    template = templates.ensure(key, table)
    first, second = templates.clone(template), templates.clone(template)
    who = roles.login(server)
    with psycopg.connect(server.dsn(first, user=who.user, password=who.password)) as connection:
        connection.execute("INSERT INTO t VALUES (2)")
    assert [count(server, name) for name in (first, second)] == [2, 1]
    templates.drop(first)
    assert first not in databases(server)
    assert count(server, second) == 1


def test_clones_of_several_threads_each_have_the_search_path(server: Server, templates: Templates, key: str) -> None:
    template = templates.ensure(key, table)
    with ThreadPoolExecutor(4) as threads:
        names = list(threads.map(lambda n: templates.clone(template, search_path=f"path_{n}"), range(12)))
    assert [count(server, name, "SHOW search_path") for name in names] == [f"path_{n}" for n in range(12)]


def test_a_clone_in_use_is_dropped_all_the_same(server: Server, templates: Templates, key: str) -> None:
    name = templates.clone(templates.ensure(key, table))
    with closing(psycopg.connect(server.dsn(name), autocommit=True)) as connection:
        templates.drop(name)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert name not in databases(server)


def test_a_connection_that_the_builder_left_open_does_not_stop_clones(
    server: Server, templates: Templates, key: str
) -> None:
    left: list[psycopg.Connection] = []

    def build(dsn: str) -> None:
        table(dsn)
        left.append(psycopg.connect(dsn, autocommit=True))

    try:
        assert count(server, templates.clone(templates.ensure(key, build))) == 1
    finally:
        left[0].close()


def test_a_failed_build_leaves_nothing_and_is_passed_on(server: Server, templates: Templates, key: str) -> None:
    def fail(dsn: str) -> None:
        table(dsn)
        raise ProdparityError("half way")

    with pytest.raises(ProdparityError, match="half way"):
        templates.ensure(key, fail)
    assert not [name for name in databases(server) if BUILDING.fullmatch(name)]
    assert count(server, templates.clone(templates.ensure(key, table))) == 1


def test_the_end_drops_this_processs_clones_only(server: Server, templates: Templates, key: str) -> None:
    template = templates.ensure(key, table)
    kept = templates.clone(template)
    with Templates(server) as other:
        gone = other.clone(other.ensure(key, table))
    assert gone not in databases(server)
    assert kept in databases(server)
    assert template in databases(server)


def test_eight_processes_at_once_build_once(server: Server, key: str) -> None:
    processes = [child(server, key) for _ in range(8)]
    outs = [process.communicate("\n", timeout=120)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 8
    assert sum(out.count("built") for out in outs) == 1
    assert len({out[-1] for out in outs}) == 8


def test_a_builder_that_was_killed_is_followed_by_another(server: Server, key: str) -> None:
    killed = child(server, key, "hang")
    assert line(killed) == "built"
    waiting = child(server, key)
    killed.kill()
    killed.communicate()
    out = waiting.communicate("\n", timeout=60)[0].split()
    assert out[0] == "built"
    assert not [name for name in databases(server) if BUILDING.fullmatch(name)]


def test_clones_of_a_killed_process_are_swept_and_those_of_the_living_are_not(server: Server, key: str) -> None:
    dead, living = child(server, key), child(server, key)
    names = {process: [line(process)] for process in (dead, living)}
    for process, said in names.items():
        if said == ["built"]:
            said[0] = line(process)
    left, kept = names[dead][0], names[living][0]
    dead.kill()
    dead.communicate()
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        until(lambda: left in stale(connection))
        assert kept not in stale(connection)
    with Templates(server) as templates:
        templates.ensure(key, table)
        assert left not in databases(server)
        assert kept in databases(server)
    living.communicate("\n", timeout=30)


def test_the_templates_used_longest_ago_are_removed(server: Server, key: str) -> None:
    others = sum(name.startswith("prodparity_template_") for name in databases(server))
    with Templates(server, keep=others + 2) as templates:
        old = [templates.ensure(f"{key}{number}", table) for number in range(3)]
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            for age, name in enumerate(old):
                connection.execute(f"COMMENT ON DATABASE {name} IS 'prodparity, last used {1000 - age}'")
        new = templates.ensure(f"{key} new", table)
        assert [name in databases(server) for name in (*old, new)] == [True, False, False, True]


def test_a_template_of_the_last_hour_is_never_removed(server: Server, key: str) -> None:
    with Templates(server, keep=1) as templates:
        names = [templates.ensure(f"{key}{number}", table) for number in range(3)]
        assert set(names) <= set(databases(server))


def test_a_large_template_is_copied_by_its_files(
    server: Server, templates: Templates, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_prodparity.databases.copying.SMALL", 0)
    template = templates.ensure(key, table)
    assert copying.by_files(server, templates.size(template))
    assert count(server, templates.clone(template)) == 1


def test_a_lost_connection_is_opened_again(server: Server, templates: Templates, key: str) -> None:
    template = templates.ensure(key, table)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'prodparity'"
        )
    with pytest.raises(psycopg.OperationalError):
        templates.clone(template)
    assert count(server, templates.clone(template)) == 1


def test_a_second_builder_waits_for_the_first(server: Server, templates: Templates, key: str) -> None:
    builder = child(server, key, "hang")
    assert line(builder) == "built"
    done = threading.Event()

    def wait() -> None:
        with Templates(server) as other:
            other.ensure(key, table)
        done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not done.wait(0.3)
    builder.communicate("\n\n", timeout=30)
    thread.join(30)
    assert done.is_set()
