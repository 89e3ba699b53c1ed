"""The kept cluster: made once, shared, adopted, made anew when it cannot be trusted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.databases import cluster as clusters
from pytest_prodparity.databases import durable
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.shared import in_use
from tests.postgres.places import BECOME, HOLDER, SOMEBODY, finish, line, postmaster, start, until

ROOT = os.geteuid() == 0
DEBIAN = "/usr/lib/postgresql/15/bin"
needs_root = pytest.mark.skipif(not ROOT, reason="mounts a small disk, or becomes another user: run as root")


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of this test's own, with a space and an umlaut in its path."""
    folder = Path(tempfile.mkdtemp(prefix="prodparity kept ü ", dir="/var/tmp" if ROOT else None))
    folder.chmod(0o755)
    monkeypatch.setenv("PRODPARITY_CACHE", str(folder))
    monkeypatch.delenv("PRODPARITY_PG_BIN", raising=False)
    yield folder
    for pid in [pid for data in folder.glob("**/data") if (pid := postmaster(data))]:
        os.kill(pid, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


def ask(server: Server, query: str) -> object:
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def data_of(server: Server) -> Path:
    assert server.data is not None
    return server.data


def marked(place: Path) -> Path:
    """A kept cluster that holds a mark by which it is known again; its data directory."""
    provider = Embedded()
    server = provider.start()
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        connection.execute("CREATE DATABASE the_mark")
    provider.stop()
    assert postmaster(data_of(server)) is None
    return data_of(server)


def is_marked(server: Server) -> bool:
    return ask(server, "SELECT count(*) FROM pg_database WHERE datname = 'the_mark'") == 1


def test_a_second_run_finds_the_data_of_the_first(place: Path) -> None:
    data = marked(place)
    provider = Embedded()
    server = provider.start()
    try:
        assert server.data == data
        assert is_marked(server)
        assert provider.notes == []
    finally:
        provider.stop()


def test_the_server_runs_with_the_settings_that_the_delta_and_the_twin_need(place: Path) -> None:
    provider = Embedded()
    server = provider.start()
    try:
        wanted = {
            "fsync": "off",
            "wal_level": "logical",
            "autovacuum": "off",
            "synchronous_commit": "on",
            "TimeZone": "UTC",
        }
        assert {name: ask(server, f"SHOW {name}") for name in wanted} == wanted
        assert ask(server, "SHOW data_checksums") == "off"
        assert ask(server, "SELECT lower('ÄÉ')") == "äé"
        assert ask(server, "SHOW listen_addresses") == "127.0.0.1"
        assert ask(server, "SHOW unix_socket_directories") == ""
    finally:
        provider.stop()


def test_secrets_are_readable_by_their_user_alone(place: Path) -> None:
    provider = Embedded()
    server = provider.start()
    try:
        for name in ("state.json", "log"):
            assert (data_of(server).parent / name).stat().st_mode & 0o077 == 0
        assert server.password not in repr(server)
        assert not list(place.glob("**/password.*"))
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(server.dsn(password="wrong"))
    finally:
        provider.stop()


def test_the_last_of_two_runs_stops_the_server(place: Path) -> None:
    first, second = start(HOLDER, place), start(HOLDER, place)
    here, there = line(first), line(second)
    assert here == there
    data = Path(here.partition(" ")[2])
    assert "stopped" in finish(first)
    assert postmaster(data) is not None
    assert in_use(data.parent)
    assert "stopped" in finish(second)
    assert postmaster(data) is None
    assert not in_use(data.parent)


def test_a_killed_runs_server_is_adopted_and_stopped_by_the_next(place: Path) -> None:
    killed = start(HOLDER, place)
    data = Path(line(killed).partition(" ")[2])
    left = postmaster(data)
    killed.kill()
    killed.communicate()
    provider = Embedded()
    server = provider.start()
    assert postmaster(data) == left
    assert ask(server, "SELECT 1") == 1
    provider.stop()
    assert postmaster(data) is None


def test_ctrl_c_at_the_terminal_does_not_reach_the_server(place: Path) -> None:
    holder = start(HOLDER, place)
    data = Path(line(holder).partition(" ")[2])
    pid = postmaster(data)
    assert pid is not None
    assert os.getpgid(pid) != os.getpgid(holder.pid)
    assert os.getsid(pid) != os.getsid(holder.pid)
    finish(holder)


def test_ctrl_c_while_it_starts_leaves_nothing_behind(place: Path) -> None:
    code = HOLDER.replace("server = provider.start()", "print('go', flush=True)\nserver = provider.start()")
    holder = start(code, place)
    assert line(holder) == "go"
    until(lambda: bool(list(place.glob("clusters/*/half-made.*"))))
    holder.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in holder.communicate(timeout=30)[0]
    assert not list(place.glob("clusters/*/half-made.*"))
    assert not list(place.glob("clusters/*/data"))
    provider = Embedded()
    assert ask(provider.start(), "SELECT 1") == 1
    provider.stop()


def test_what_a_killed_initdb_left_is_thrown_away(place: Path) -> None:
    code = HOLDER.replace("server = provider.start()", "print('go', flush=True)\nserver = provider.start()")
    holder = start(code, place)
    assert line(holder) == "go"
    until(lambda: bool(list(place.glob("clusters/*/half-made.*"))))
    holder.kill()
    holder.communicate()
    provider = Embedded()
    assert ask(provider.start(), "SELECT 1") == 1
    provider.stop()
    until(lambda: not list(place.glob("clusters/*/half-made.*")))


def test_a_server_killed_under_a_run_is_started_again_with_its_data(place: Path) -> None:
    data = marked(place)
    provider = Embedded()
    provider.start()
    pid = postmaster(data)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    server = provider.start()
    try:
        assert postmaster(data) != pid
        assert is_marked(server)
    finally:
        provider.stop()


def test_damaged_data_are_made_anew_with_a_note(place: Path) -> None:
    data = marked(place)
    (data / "global" / "pg_control").write_bytes(b"\0" * 8192)
    provider = Embedded()
    server = provider.start()
    try:
        assert not is_marked(server)
        assert provider.notes == ["the kept server's data were damaged: it was made anew"]
        assert not list(data.parent.glob("gone.*"))
    finally:
        provider.stop()


def restart_the_machine(data: Path) -> None:
    file = data.parent / "state.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "boot": "another"}))


def test_after_a_restart_of_the_machine_the_cluster_is_there_as_it_was(place: Path) -> None:
    data = marked(place)
    until(lambda: durable.proven(data.parent))
    restart_the_machine(data)
    provider = Embedded()
    server = provider.start()
    try:
        assert is_marked(server)
        assert not durable.proven(data.parent)
        assert provider.notes == []
    finally:
        provider.stop()
    until(lambda: durable.proven(data.parent))


def test_after_a_crash_of_the_machine_under_a_running_server_the_cluster_is_made_anew(place: Path) -> None:
    data = marked(place)
    until(lambda: durable.proven(data.parent))
    provider = Embedded()
    provider.start()
    pid = postmaster(data)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    restart_the_machine(data)
    server = provider.start()
    try:
        assert not is_marked(server)
        assert provider.notes == ["what was kept is made anew: the machine went down while the server ran"]
    finally:
        provider.stop()


def test_a_cache_that_was_carried_to_another_machine_is_used_there(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = marked(place)
    until(lambda: durable.proven(data.parent))
    home, there = place / "home", place / "there"
    home.mkdir()
    for one in [one for one in place.iterdir() if one not in (home, there)]:
        one.rename(home / one.name)
    subprocess.run(["cp", "-pR", home, there], check=True)
    data = home / data.relative_to(place)
    restart_the_machine(there / data.relative_to(home))
    monkeypatch.setenv("PRODPARITY_CACHE", str(there))
    provider = Embedded()
    server = provider.start()
    try:
        assert data_of(server).is_relative_to(there)
        assert is_marked(server)
        assert provider.notes == []
    finally:
        provider.stop()


def test_a_flush_that_ends_after_the_server_started_again_proves_nothing(place: Path, tmp_path: Path) -> None:
    folder = place / "cluster"
    folder.mkdir()
    (tmp_path / "sync").write_text(
        f"#!/bin/sh\nwhile [ ! -e {tmp_path}/go ]; do sleep 0.01; done; touch {tmp_path}/gone\n"
    )
    (tmp_path / "sync").chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        durable.prove(folder, ["sync"])
    durable.withdraw(folder)
    (tmp_path / "go").touch()
    until(lambda: (tmp_path / "gone").exists())
    durable.prove(folder, ["sync"])
    until(lambda: durable.proven(folder))
    durable.withdraw(folder)
    assert not list(folder.iterdir())


def test_a_stale_postmaster_file_of_a_reused_process_number_is_no_obstacle(place: Path) -> None:
    data = marked(place)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        text = f"{stranger.pid}\n{data}\n1\n1\n\n127.0.0.1\n\nready   \n"
        (data / "postmaster.pid").write_text(text)
        provider = Embedded()
        server = provider.start()
        assert is_marked(server)
        provider.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_port_in_use_is_passed_over(place: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    free = clusters._free_port
    taken = [server.port]
    monkeypatch.setattr(clusters, "_free_port", lambda: taken.pop() if taken else free())
    provider = Embedded()
    started = provider.start()
    try:
        assert not taken
        assert started.port != server.port
    finally:
        provider.stop()


def test_alter_system_does_not_outlive_the_run(place: Path) -> None:
    data = marked(place)
    (data / "postgresql.auto.conf").write_text("work_mem = '1GB'\n")
    provider = Embedded()
    server = provider.start()
    try:
        assert ask(server, "SHOW work_mem") == "4MB"
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            ask(server, "ALTER SYSTEM SET work_mem = '1GB'")
    finally:
        provider.stop()


def test_another_version_has_a_cluster_of_its_own(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = marked(place)
    monkeypatch.setenv("PRODPARITY_PG_BIN", DEBIAN)
    provider = Embedded()
    server = provider.start()
    try:
        assert server.version // 10000 == 15
        assert str(ask(server, "SHOW server_version_num")) == str(server.version)
        assert server.data != data
    finally:
        provider.stop()


def test_a_forked_child_does_not_keep_the_server(place: Path) -> None:
    code = """
    import os, sys, time
    from pytest_prodparity.databases.embedded import Embedded
    provider = Embedded()
    server = provider.start()
    (reading, end), (there, here) = os.pipe(), os.pipe()
    if os.fork() == 0:
        os.close(end)
        os.write(here, b"!")
        os.read(reading, 1)  # outlives the parent's use
        os._exit(0)
    os.read(there, 1)
    provider.stop()
    print(server.data, flush=True)
    sys.stdin.readline()
    """
    parent = start(code, place)
    assert postmaster(Path(line(parent))) is None
    finish(parent)


@needs_root
def test_an_ordinary_user_has_a_cluster_too(place: Path) -> None:
    folder = place / "of somebody"
    folder.mkdir()
    os.chown(folder, SOMEBODY, SOMEBODY)
    holder = start(BECOME + HOLDER, folder, PRODPARITY_PG_BIN=DEBIAN)
    data = Path(line(holder).partition(" ")[2])
    assert data.stat().st_uid == SOMEBODY
    assert (folder / "secret").exists() is False
    assert "stopped" in finish(holder)
    assert postmaster(data) is None


@needs_root
def test_a_home_that_cannot_be_written_is_passed_over_with_a_note(place: Path) -> None:
    code = """
    from pytest_prodparity.databases.account import Account
    from pytest_prodparity.databases.cache import cache
    del os.environ["PRODPARITY_CACHE"]
    found = cache(Account.current())
    print(found.root, "|", found.note, flush=True)
    """
    os.chown(place, SOMEBODY, SOMEBODY)
    process = start(BECOME + textwrap.dedent(code), place, HOME="/proc/self", TMPDIR=str(place))
    said = line(process)
    finish(process)
    other = place / f"pytest-prodparity-{SOMEBODY}"
    assert said.startswith(f"{other} | servers are kept in {other}, because /proc/self/")
    assert "cannot be written" in said


@needs_root
def test_programs_below_roots_own_folder_are_copied_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_prodparity.databases.binaries import binaries

    package = binaries().parent.parent
    hidden = place / "hidden"
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, hidden / folder.name, symlinks=True)
    hidden.chmod(0o700)
    monkeypatch.setenv("PRODPARITY_PG_BIN", str(hidden / package.name / "pginstall" / "bin"))
    for _ in range(2):
        provider = Embedded()
        assert ask(provider.start(), "SELECT 1") == 1
        provider.stop()
    copies = list(place.glob("install/*/*/*/bin/postgres"))
    assert len(copies) == 1
    assert not list(place.glob("install/.*"))


@needs_root
def test_a_cache_below_roots_own_folder_has_a_stand_in(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pytest_prodparity.databases.account import Account
    from pytest_prodparity.databases.cache import abandoned, cache

    closed = place / "closed" / "cache"
    closed.mkdir(parents=True)
    closed.parent.chmod(0o700)
    monkeypatch.setenv("PRODPARITY_CACHE", str(closed))
    found = cache(Account.current())
    try:
        assert found.root != closed
        assert found.note == f"servers are kept in {found.root}, because 'nobody' cannot enter {closed}"
        assert cache(Account.current()).root == found.root
        closed.rmdir()
        assert found.root in abandoned(Account.current())
    finally:
        shutil.rmtree(found.root)


@needs_root
def test_a_full_disk_is_one_message_and_leaves_nothing(place: Path) -> None:
    disk = place / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", str(disk)], check=True)
    try:
        with pytest.raises(ProdparityError, match=r"No space left on the disk of .*: \d+ MB free") as caught:
            Embedded(disk / "here").start()
        assert "PRODPARITY_CACHE" in str(caught.value)
        assert not list((disk / "here").glob("half-made.*"))
        assert not (disk / "here" / "data").exists()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_cache_that_is_a_file_is_one_message(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "file").write_text("")
    monkeypatch.setenv("PRODPARITY_CACHE", str(place / "file"))
    with pytest.raises(UsageError, match=r"PRODPARITY_CACHE=.*cannot be used") as caught:
        Embedded().start()
    assert "or unset it" in str(caught.value)


def test_a_thrown_away_server_leaves_no_folder(place: Path) -> None:
    provider = Embedded(place / "brief", throw_away=True)
    server = provider.start()
    assert ask(server, "SELECT 1") == 1
    provider.stop()
    assert not (place / "brief").exists()
    provider.stop()
