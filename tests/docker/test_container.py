"""A container of production's version: on loopback, shared by runs, removed by the last, its data kept in a volume."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from pytest_prodparity.cli.cache import command as listing
from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.core.levels import Level, Rows
from pytest_prodparity.databases import container, copying, docker, durable, kept, refill, room
from pytest_prodparity.databases.account import Account
from pytest_prodparity.databases.choose import provider
from pytest_prodparity.databases.daemon import Daemon
from pytest_prodparity.databases.docker import Docker
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.roles import login
from pytest_prodparity.databases.schema import load
from pytest_prodparity.databases.template import Templates
from pytest_prodparity.profile import store
from pytest_prodparity.synthesis.volume import ensure, planned
from tests.docker.conftest import IMAGE
from tests.postgres.places import until

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("docker_daemon")]

HOLDER = """
import sys
from pytest_prodparity.databases.docker import Docker
provider = Docker(major=15)
server = provider.start()
print(server.port, flush=True)
sys.stdin.readline()
provider.stop()
"""
NOWHERE = "127.0.0.1:1/no-such-image:15"


@pytest.fixture(autouse=True, scope="module")
def cache(docker_daemon: Daemon) -> Iterator[Path]:
    """A cache of these tests' own."""
    folder = Path(tempfile.mkdtemp(prefix="prodparity docker ", dir="/var/tmp"))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PRODPARITY_CACHE", str(folder))
        yield folder
        removed(docker_daemon)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def place(cache: Path, docker_daemon: Daemon) -> Iterator[Path]:
    """After each test no container runs, whatever it did; the volume stays, since to make one takes long."""
    yield cache
    with container.client_of(docker_daemon) as client:
        docker.sweep(client, cache / "containers")


def removed(found: Daemon) -> None:
    """No container and no volume of this cache."""
    root = docker.containers(Account.current())
    with container.client_of(found) as client:
        for one in container.folders(client, root):
            for left in container.of(client, one):
                container.end(left)
        for one in container.volume_folders(client, root):
            for name in container.volumes(client, one):
                container.drop_volume(client, name)
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def started(place: Path) -> Iterator[tuple[Docker, Server]]:
    one = Docker(major=15)
    yield one, one.start()
    one.stop()


def folder_of(place: Path, image: str = "postgres") -> Path:
    (folder,) = (place / "containers").glob(f"{image}-15-*")
    return folder


def labelled(what: str, place: Path, image: str = "postgres") -> list[str]:
    """The names of this cache's containers or volumes, as Docker's own command sees them."""
    filters = ["--filter", f"label={container.LABEL}={container.mark(folder_of(place, image))}"]
    command = ["docker", "ps", "--all"] if what == "container" else ["docker", "volume", "ls"]
    done = subprocess.run([*command, "--quiet", *filters], check=True, capture_output=True, text=True)
    return done.stdout.split()


def holder() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def marked() -> None:
    """A run that leaves a mark in the database, by which the data are known again."""
    one = Docker(major=15)
    with closing(psycopg.connect(one.start().dsn(), autocommit=True)) as connection:
        connection.execute("DROP DATABASE IF EXISTS the_mark")
        connection.execute("CREATE DATABASE the_mark")
    one.stop()


def is_marked(server: Server) -> bool:
    with closing(psycopg.connect(server.dsn())) as connection:
        return connection.execute("SELECT FROM pg_database WHERE datname = 'the_mark'").fetchone() is not None


def test_it_is_productions_version_on_loopback_with_our_settings(place: Path) -> None:
    one = Docker(major=15)
    server = one.start()
    try:
        assert server.version // 10000 == 15
        assert (server.kind, server.host, server.data) == ("docker", "127.0.0.1", None)
        with psycopg.connect(server.dsn()) as connection:
            for name, value in {"fsync": "off", "wal_level": "logical", "autovacuum": "off"}.items():
                assert connection.execute(f"SHOW {name}".encode()).fetchone() == (value,)
        (found,) = labelled("container", place)
        inspected = json.loads(subprocess.run(["docker", "inspect", found], check=True, capture_output=True).stdout)[0]
        bound = [entry for entries in inspected["NetworkSettings"]["Ports"].values() for entry in entries or []]
        assert {entry["HostIp"] for entry in bound} == {"127.0.0.1"}
        for file in folder_of(place).glob("*.json"):
            assert file.stat().st_mode & 0o077 == 0
        assert server.password not in repr(docker.kept(place / "containers"))
    finally:
        one.stop()
    assert labelled("container", place) == []


def test_templates_and_a_newer_schema_work_on_it(started: tuple[Docker, Server]) -> None:
    server = started[1]
    text = "SET transaction_timeout = 0;\nSET statement_timeout = 0;\nCREATE TABLE t (a int PRIMARY KEY);"
    with Templates(server) as templates:
        template = templates.ensure(
            "newer", lambda dsn: print(load(server, str(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]), text))
        )
        with psycopg.connect(server.dsn(templates.clone(template))) as connection:
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_two_runs_at_once_share_a_container_and_the_last_removes_it(place: Path) -> None:
    first, second = holder(), holder()
    assert first_line(first) == first_line(second)
    assert len(labelled("container", place)) == 1
    first.communicate("\n", timeout=60)
    assert len(labelled("container", place)) == 1
    second.communicate("\n", timeout=60)
    assert labelled("container", place) == []
    assert len(labelled("volume", place)) == 1


def test_the_next_run_finds_the_data_of_the_last(place: Path) -> None:
    marked()
    one = Docker(major=15)
    try:
        assert is_marked(one.start())
        assert one.notes == []
    finally:
        one.stop()
    assert len(labelled("volume", place)) == 1


def test_a_run_that_was_killed_leaves_a_container_that_the_next_uses(place: Path) -> None:
    marked()
    killed = holder()
    port = first_line(killed)
    killed.kill()
    killed.communicate()
    one = Docker(major=15)
    server = one.start()
    assert str(server.port) == port
    assert is_marked(server)
    one.stop()
    assert labelled("container", place) == []


def test_a_run_that_was_killed_while_it_made_the_container_is_no_obstacle(place: Path, docker_daemon: Daemon) -> None:
    removed(docker_daemon)
    code = HOLDER.replace("server = provider.start()", "print('go', flush=True)\nserver = provider.start()")
    killed = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert first_line(killed) == "go"
    until(lambda: bool(list((place / "containers").glob("postgres-15-*"))) and bool(labelled("volume", place)))
    killed.kill()
    killed.communicate()
    one = Docker(major=15)
    with closing(psycopg.connect(one.start().dsn())) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert len(labelled("container", place)) == 1
    assert len(labelled("volume", place)) == 1
    one.stop()


def test_a_server_that_was_killed_under_a_run_comes_back_with_its_data(place: Path) -> None:
    marked()
    one = Docker(major=15)
    one.start()
    subprocess.run(["docker", "kill", *labelled("container", place)], check=True, capture_output=True)
    try:
        assert is_marked(one.start())
    finally:
        one.stop()


def test_after_a_restart_of_the_machine_only_what_was_on_the_disk_is_trusted(place: Path) -> None:
    marked()
    folder = folder_of(place)
    until(lambda: durable.proven(folder))

    def restart() -> None:
        said = json.loads((folder / docker.DATA).read_text())
        (folder / docker.DATA).write_text(json.dumps({**said, "boot": "another"}))

    restart()
    one = Docker(major=15)
    assert is_marked(one.start())
    assert not durable.proven(folder)
    restart()  # under the running server
    subprocess.run(["docker", "kill", *labelled("container", place)], check=True, capture_output=True)
    assert not is_marked(one.start())
    assert one.notes == ["what was kept is made anew: the machine went down while the container ran"]
    assert len(labelled("volume", place)) == 1
    one.stop()


def test_damaged_data_are_made_anew_with_a_note(place: Path) -> None:
    marked()
    (volume,) = labelled("volume", place)
    broken = ["docker", "run", "--rm", "--entrypoint", "rm", "-v", f"{volume}:/data", IMAGE, "/data/global/pg_control"]
    subprocess.run(broken, check=True, capture_output=True)
    one = Docker(major=15)
    try:
        assert not is_marked(one.start())
        assert one.notes == ["the kept container's data were damaged: they were made anew"]
    finally:
        one.stop()
    assert labelled("volume", place) != [volume]


def test_a_volume_that_somebody_removed_is_made_again(place: Path) -> None:
    marked()
    subprocess.run(["docker", "volume", "rm", *labelled("volume", place)], check=True, capture_output=True)
    one = Docker(major=15)
    try:
        assert not is_marked(one.start())
    finally:
        one.stop()


def test_the_data_of_an_image_that_is_gone_are_listed_and_swept(place: Path) -> None:
    other = "prodparity-test-image:15"
    subprocess.run(["docker", "tag", IMAGE, other], check=True)
    one = Docker(major=15, image=other)
    one.start()
    one.stop()
    subprocess.run(["docker", "rmi", other], check=True, capture_output=True)
    assert "its image is not there any more" in " ".join(CliRunner().invoke(listing, []).output.split())
    assert len(labelled("volume", place, "prodparity-test-image")) == 1
    folder = folder_of(place, "prodparity-test-image")
    value = container.mark(folder)
    doctor = [sys.executable, "-c", "from pytest_prodparity.cli import main; main()", "doctor", "--fix"]
    done = subprocess.run(doctor, check=False, capture_output=True, text=True, timeout=120)
    assert "1 kept of images that are gone" in done.stdout
    assert not folder.exists()
    volumes = ["docker", "volume", "ls", "--quiet", "--filter", f"label={container.LABEL}={value}"]
    assert subprocess.run(volumes, check=True, capture_output=True, text=True).stdout == ""


def test_cache_lists_and_prunes_what_is_kept_in_a_volume(place: Path) -> None:
    one = Docker(major=15)
    with Templates(one.start()) as templates:
        template = templates.ensure("of a test", lambda _dsn: None).rpartition("_")[2]
    one.stop()
    said = CliRunner().invoke(listing, []).output
    assert f"docker, {IMAGE}" in said
    assert template in said
    assert labelled("container", place) == []
    assert "1 removed" in CliRunner().invoke(listing, ["prune", template]).output
    assert template not in CliRunner().invoke(listing, []).output


def test_a_ready_copy_is_made_between_runs_where_the_containers_disk_has_room(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "LARGE", 0)
    one = Docker(major=15)
    server = one.start()
    assert (room.free(server) or 0) > 1 << 20
    templates = Templates(server)
    template = templates.ensure("large", lambda _dsn: None)
    assert templates.ready(template) == 1
    assert templates.clone(template)
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        assert kept.ready(connection, template) == []
    again = one.again()
    assert again is not None
    next_run = refill._provider(again)
    assert isinstance(next_run, Docker)
    assert next_run.start() == server
    next_run.stop()
    templates.close()
    one.stop()


def test_from_staging_auto_is_productions_version_in_a_container() -> None:
    chosen = provider("auto", level=Level.STAGING, production_version=150004)
    assert isinstance(chosen.provider, Docker)
    assert (chosen.why, chosen.image) == ("", "postgres:15")
    server = chosen.provider.start()
    try:
        assert chosen.shown(server) == "postgres:15 (docker)"
    finally:
        chosen.provider.stop()


def test_an_image_that_cannot_be_had_is_one_message() -> None:
    lines: list[str] = []
    with pytest.raises(ProdparityError) as caught:
        Docker(major=15, image=NOWHERE, say=lines.append).start()
    assert f"The image {NOWHERE} is not on this machine and cannot be pulled" in caught.value.happened
    assert "docker pull" in str(caught.value)
    assert lines == [f"pulling {NOWHERE} …"]


def test_auto_falls_back_to_embedded_and_asks_for_the_image_again_after_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[str] = []

    def note() -> str:
        chosen = provider("auto", level=Level.STAGING, production_version=150004, image=NOWHERE, say=lines.append)
        server = chosen.provider.start()
        chosen.provider.stop()
        assert server.kind == "embedded"
        assert "(embedded)" in chosen.shown(server)
        return chosen.notes[0]

    assert note().startswith(f"embedded PostgreSQL in place of a container: The image {NOWHERE}")
    assert lines == [f"pulling {NOWHERE} …"]
    again = note()
    assert again.startswith(f"embedded PostgreSQL in place of a container: The image {NOWHERE}")
    assert again.endswith(f"(asked 0 min ago, again in 60 min; sooner: docker pull {NOWHERE})")
    assert len(lines) == 1
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3601)
    assert "min ago" not in note()
    assert len(lines) == 2


def test_testcontainers_is_left_as_the_users_own_tests_want_it() -> None:
    from testcontainers.core.config import testcontainers_config

    def said() -> tuple[object, ...]:
        config = testcontainers_config
        return (config._ryuk_disabled, config.tc_host_override, os.environ.get("DOCKER_HOST"))

    before = said()
    one = Docker(major=15)
    one.start()
    one.stop()
    assert said() == before


def test_all_workers_of_a_run_get_the_message_where_the_image_cannot_be_had() -> None:
    code = HOLDER.replace("major=15", f'major=15, image="{NOWHERE}"')
    workers = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for worker in workers:
        assert f"{NOWHERE} is not on this machine" in worker.communicate(timeout=60)[1]


def test_doctor_sweeps_the_container_of_a_killed_run_and_keeps_its_data(place: Path) -> None:
    killed = holder()
    assert first_line(killed)
    killed.kill()
    killed.communicate()
    command = [sys.executable, "-c", "from pytest_prodparity.cli import main; main()", "doctor", "--fix"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert "removed: 1 left running by dead runs" in done.stdout
    assert labelled("container", place) == []
    assert len(labelled("volume", place)) == 1


def test_a_volume_of_rows_is_built_once_for_all_runs_in_containers(place: Path) -> None:
    demo = Path(docker.__file__).parent.parent / "demo" / "parity"
    volume = planned(store.load(demo), level=Level.DEV, rows=Rows(share=1, most=500), seed=7)
    for built in (True, False):
        first, second = Docker(major=15), Docker(major=15)
        try:
            with Templates(first.start()) as one, Templates(second.start()) as other:
                opened = ensure(one, volume)
                assert opened.built is built
                assert not ensure(other, volume).built
                who = login(one.server)
                clone = other.clone(opened.template)
                with psycopg.connect(one.server.dsn(clone, user=who.user, password=who.password)) as connection:
                    found = connection.execute("SELECT count(*) FROM products").fetchone()
                assert found == (volume.counts["public.products"],)
        finally:
            first.stop()
            second.stop()
    assert labelled("container", place) == []


def test_the_container_of_another_users_cache_is_left_alone(
    place: Path, docker_daemon: Daemon, started: tuple[Docker, Server]
) -> None:
    """Even where that cache lies at the same path, in another container that speaks to the same daemon."""
    with container.client_of(docker_daemon) as client:
        (place / "secret").rename(place / "another")
        try:
            assert docker.sweep(client, place / "containers") == []
            assert container.volume_folders(client, place / "containers") == []
        finally:
            (place / "another").replace(place / "secret")
    assert len(labelled("container", place)) == 1
