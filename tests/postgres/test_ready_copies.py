"""Ready copies: equal to any other copy, each taken by one process, made while nobody waits, gone with their template."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from pytest_prodparity.cli.cache import command as cache
from pytest_prodparity.cli.doctor import command as doctor
from pytest_prodparity.databases import copying, kept, refill, room
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.external import External
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.template import Templates
from pytest_prodparity.synthesis import volume as volume_file
from pytest_prodparity.synthesis.volume import ensure
from tests.postgres.places import line, postmaster, until
from tests.postgres.test_volumes import filler, volume

TAKER = """
import sys
from pytest_prodparity.databases import copying
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.template import Templates
port, password, template = sys.argv[1:]
copying.LARGE = 0
server = Server(host="127.0.0.1", port=int(port), user="postgres", password=password, version=180006, kind="embedded")
with Templates(server) as templates:
    templates.sweep()
    print("there", flush=True)
    sys.stdin.readline()
    print(templates.clone(template), flush=True)
    sys.stdin.readline()
"""
MAKER = """
import sys
from pytest_prodparity.databases import copying
from pytest_prodparity.databases.provider import Server
port, password, template = sys.argv[1:]
copying.LARGE = 0
server = Server(host="127.0.0.1", port=int(port), user="postgres", password=password, version=180006, kind="embedded",
                data="/")
copying.room.free = lambda *_: 1 << 50
while True:
    copying.make_ready(server, template, 100000)
"""


@pytest.fixture
def templates(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Templates]:
    """Of any size, and on any disk."""
    monkeypatch.setattr(copying, "LARGE", 0)
    monkeypatch.setattr(room, "free", lambda *_: 1 << 50)
    with Templates(server) as opened:
        yield opened


@pytest.fixture
def template(templates: Templates) -> Iterator[str]:
    made = templates.ensure(secrets.token_hex(8), table)
    yield made
    templates.drop(made)


def table(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE t AS SELECT n FROM generate_series(1, 1000) n")
    return "of a test"


def ready(server: Server, template: str) -> list[str]:
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        return kept.ready(connection, template)


def databases(server: Server) -> set[str]:
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        return {str(name) for (name,) in connection.execute("SELECT datname FROM pg_database")}


def child(code: str, server: Server, template: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(server.port), server.password, template],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_one_that_is_ready_is_taken_and_equals_a_copy_made_now(
    server: Server, templates: Templates, template: str
) -> None:
    assert templates.ready(template) == 1
    (copy,) = ready(server, template)
    taken = templates.clone(template, search_path="app, public")
    assert ready(server, template) == []
    assert copy not in databases(server)
    made = templates.clone(template, search_path="app, public")
    said = []
    for name in (taken, made):
        with closing(psycopg.connect(server.dsn(name))) as connection:
            query = (
                "SELECT to_jsonb(d) - 'oid' - 'datname', shobj_description(d.oid, 'pg_database'), pg_get_userbyid(datdba),"
                " setconfig, current_setting('search_path'), (SELECT sum(n) FROM t)"
                " FROM pg_database d JOIN pg_db_role_setting ON setdatabase = d.oid WHERE datname = current_database()"
            )
            said.append(connection.execute(query.encode()).fetchone())
    assert said[0] == said[1]
    assert said[0] is not None
    assert said[0][1:] == (None, "parity", ["search_path=app, public"], "app, public", 500500)
    assert (said[0][0]["datallowconn"], said[0][0]["datistemplate"]) == (True, False)


def test_nobody_connects_to_one_before_it_is_taken(server: Server, templates: Templates, template: str) -> None:
    templates.ready(template)
    (copy,) = ready(server, template)
    with pytest.raises(psycopg.OperationalError, match="not currently accepting connections"):
        psycopg.connect(server.dsn(copy))


def test_of_eight_processes_each_gets_a_database_of_its_own(
    server: Server, templates: Templates, template: str
) -> None:
    assert templates.ready(template, copies=3) == 3
    takers = [child(TAKER, server, template) for _ in range(8)]
    for taker in takers:
        assert line(taker) == "there"
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("\n")
        taker.stdin.flush()
    names = {line(taker) for taker in takers}
    assert len(names) == 8
    assert ready(server, template) == []
    for taker in takers:
        taker.communicate("\n", timeout=60)
        assert taker.returncode == 0


def test_two_who_make_one_at_once_make_one(server: Server, templates: Templates, template: str) -> None:
    made: list[int] = []
    threads = [threading.Thread(target=lambda: made.append(templates.ready(template))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(made) == [0, 0, 0, 1]
    assert len(ready(server, template)) == 1


def test_they_go_with_their_template(server: Server, templates: Templates, template: str) -> None:
    templates.ready(template, copies=2)
    copies = ready(server, template)
    templates.drop(template)
    assert not {template, *copies} & databases(server)


def test_one_whose_template_is_gone_is_swept(server: Server, templates: Templates, template: str) -> None:
    templates.ready(template)
    (copy,) = ready(server, template)
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        assert copy not in kept.stale(connection)
        connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(template)))
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(template)))
        assert copy in kept.stale(connection)
    assert copy in templates.sweep()
    assert copy not in databases(server)


def test_a_template_whose_removal_was_killed_in_the_middle_is_built_again(server: Server, templates: Templates) -> None:
    key = secrets.token_hex(8)
    template = templates.ensure(key, table)
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(template)))
    with Templates(server) as next_run:
        assert next_run.ensure(key, table) == template
        assert next_run.label(template) == "of a test"
        next_run.drop(template)


def test_after_kill_9_of_the_maker_all_that_are_there_are_whole(
    server: Server, templates: Templates, template: str
) -> None:
    maker = child(MAKER, server, template)
    until(lambda: len(ready(server, template)) >= 2)
    maker.kill()
    maker.communicate()
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        until(
            lambda: (
                connection.execute(
                    "SELECT FROM pg_stat_activity WHERE application_name = 'prodparity, ready copies'"
                ).fetchone()
                is None
            )
        )
    left = len(ready(server, template))
    assert templates.ready(template, copies=left) == 0
    for _ in range(left):
        clone = templates.clone(template)
        with closing(psycopg.connect(server.dsn(clone))) as connection:
            assert connection.execute("SELECT sum(n) FROM t").fetchone() == (500500,)
        templates.drop(clone)
    assert ready(server, template) == []


def test_none_is_made_of_a_small_template_or_without_room(
    server: Server, templates: Templates, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = templates.size(template)
    for free in (None, copying.SPARE_ROOM + 2 * size - 1):
        monkeypatch.setattr(room, "free", lambda *_, free=free: free)
        assert templates.ready(template) == 0
    monkeypatch.setattr(room, "free", lambda *_: copying.SPARE_ROOM + 2 * size)
    monkeypatch.setattr(copying, "LARGE", size + 1)
    assert templates.ready(template) == 0
    monkeypatch.setattr(copying, "LARGE", size)
    assert templates.ready(template) == 1


def test_more_than_the_last_run_needed_are_dropped_after_a_day(
    server: Server, templates: Templates, template: str
) -> None:
    templates.ready(template, copies=3)
    assert templates.ready(template, copies=1) == 0
    there = ready(server, template)
    assert len(there) == 3
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        for copy in there:
            old = copy.replace(copy.split("_")[3], "00000001")
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(copy), sql.Identifier(old))
            )
    templates.ready(template, copies=1)
    assert len(ready(server, template)) == 1


def test_those_of_a_template_that_is_not_used_any_more_go_when_others_are_made(
    server: Server, templates: Templates, template: str
) -> None:
    other = templates.ensure(secrets.token_hex(8), table)
    templates.ready(other)
    templates.ready(template)
    assert ready(server, other)
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        connection.execute(f"COMMENT ON DATABASE {other} IS 'prodparity, last used 1000'".encode())
    templates.ready(template)
    assert ready(server, other) == []
    assert other in databases(server)
    assert ready(server, template)
    templates.drop(other)


def test_they_never_stand_in_the_way_of_a_volume_that_needs_the_disk(
    server: Server, templates: Templates, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates.ready(template)
    monkeypatch.setattr(volume_file, "free_bytes", lambda _server: 1 << 10 if ready(server, template) else 1 << 50)
    opened = ensure(templates, volume(secrets.randbelow(1 << 30)), fill=filler())
    assert opened.built
    assert ready(server, template) == []
    templates.drop(opened.template)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk: run as root")
def test_they_never_stand_in_the_way_of_a_copy_that_needs_the_disk(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Embedded(small_disk / "here")
    try:
        with Templates(provider.start()) as templates:
            template = templates.ensure("large", large)
            size = templates.size(template)
            monkeypatch.setattr(room, "free", lambda *_: 1 << 50)
            templates.ready(template, copies=100)  # as many as there is room for
            there = len(ready(templates.server, template))
            assert there >= 1
            monkeypatch.setattr(copying, "take", lambda *_: False)
            clone = templates.clone(template)
            assert templates.size(clone) == size
            assert ready(templates.server, template) == []
    finally:
        provider.stop()


def test_the_room_of_a_server_on_another_machine_is_not_known(server: Server) -> None:
    assert (room.free(server) or 0) > 0
    assert room.free(replace(server, kind="external", data=None)) is None


@pytest.fixture
def small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="prodparity small ", dir="/var/tmp"))
    folder.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m,mode=755", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


# --- between runs: a cache of the test's own, and a template that is large indeed


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="prodparity ready ", dir="/var/tmp"))
    folder.chmod(0o755)
    monkeypatch.setenv("PRODPARITY_CACHE", str(folder))
    monkeypatch.delenv("PRODPARITY_PG_BIN", raising=False)
    yield folder
    for pid in [pid for data in folder.glob("**/data") if (pid := postmaster(data))]:
        os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def large(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE UNLOGGED TABLE t AS SELECT n, repeat('x', 4000) FROM generate_series(1, 100) n")
        connection.execute("ALTER TABLE t ALTER COLUMN repeat SET STORAGE EXTERNAL")
        connection.execute("INSERT INTO t SELECT n, repeat('x', 100000) FROM generate_series(1, 700) n")


def test_after_a_run_a_copy_is_ready_for_the_next_and_that_of_the_run_is_gone(place: Path) -> None:
    first = Embedded()
    templates = Templates(first.start())
    template = templates.ensure("large", large)
    clone = templates.clone(template)
    process = refill.close(templates, first)
    assert process is not None
    assert os.getsid(process.pid) != os.getsid(0)  # Ctrl-C is meant for the run
    first.stop()

    second = Embedded()
    server = second.start()
    try:
        until(lambda: len(ready(server, template)) == 1 and clone not in databases(server))
        with Templates(server) as next_run:
            before = ready(server, template)
            assert next_run.clone(next_run.ensure("large", large))
            assert ready(server, template) == []
            assert before
            assert "ready besides" not in CliRunner().invoke(cache, ["-v"]).output
            assert next_run.ready(template) == 1
        listed = CliRunner().invoke(cache, ["list", "-v"]).output
        assert "1 copy ready besides, " in listed
        pruned = CliRunner().invoke(cache, ["prune", "--all"]).output
        assert "1 removed" in pruned
        assert not [name for name in databases(server) if name.startswith("prodparity_")]
    finally:
        second.stop()
    until(lambda: not list(place.glob("clusters/*/data/postmaster.pid")))


def test_nothing_runs_on_after_a_run_whose_databases_were_small(place: Path) -> None:
    provider = Embedded()
    templates = Templates(provider.start())
    templates.clone(templates.ensure("small", table))
    assert refill.close(templates, provider) is None
    provider.stop()


def test_a_large_copy_of_a_killed_run_does_not_keep_the_next_waiting_and_goes_after_it(place: Path) -> None:
    provider = Embedded()
    server = provider.start()
    templates = Templates(server)
    clone = templates.clone(templates.ensure("large", large))
    connection = templates._open
    assert connection is not None
    connection.close()  # as if killed
    try:
        next_run = Templates(server)
        assert next_run.find("large")
        assert clone in databases(server)
        assert next_run.left == [clone]
        refill.close(next_run, provider)
        until(lambda: clone not in databases(server))
    finally:
        provider.stop()
    until(lambda: not list(place.glob("clusters/*/data/postmaster.pid")))


def test_what_a_server_that_was_killed_in_the_middle_of_a_copy_left_is_swept_by_doctor(place: Path) -> None:
    provider = Embedded()
    server = provider.start()
    assert server.data is not None
    left, fresh = server.data / "base" / "4000000001", server.data / "base" / "4000000002"
    for folder in (left, fresh):
        folder.mkdir()
        (folder / "1259").write_bytes(b"0" * (3 << 20))
    os.utime(left, (1000, 1000))
    try:
        said = CliRunner().invoke(doctor, []).output
        assert "3 MB of copies that a killed server began" in said
        assert left.exists()
        assert "removed: 3 MB of copies" in CliRunner().invoke(doctor, ["--fix"]).output
        assert (left.exists(), fresh.exists()) == (False, True)
        with closing(psycopg.connect(server.dsn())) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        provider.stop()


def test_a_cache_that_was_removed_meanwhile_is_not_made_again(place: Path) -> None:
    assert refill._provider({"kind": "embedded", "folder": str(place / "clusters" / "gone")}) is None
    assert not (place / "clusters").exists()


def test_a_server_of_the_users_or_one_for_a_moment_is_left_alone(server: Server) -> None:
    assert External(server.dsn(), allowed=True).again() is None
    assert Embedded(throw_away=True).again() is None
