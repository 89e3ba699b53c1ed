"""A container per run: production's version, on loopback, shared by workers, removed at the end."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.core.levels import Level, Rows
from pytest_prodparity.databases import docker
from pytest_prodparity.databases.account import Account
from pytest_prodparity.databases.choose import provider
from pytest_prodparity.databases.daemon import Daemon
from pytest_prodparity.databases.docker import Docker
from pytest_prodparity.databases.roles import login
from pytest_prodparity.databases.schema import load
from pytest_prodparity.databases.template import Templates
from pytest_prodparity.profile import store
from pytest_prodparity.synthesis.volume import ensure, planned

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("docker_daemon")]

HOLDER = """
import sys
from pytest_prodparity.databases.docker import Docker
provider = Docker(major=15, run=sys.argv[1])
server = provider.start()
print(server.port, flush=True)
sys.stdin.readline()
provider.stop()
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A run's id; its containers are removed whatever the test did."""
    name = f"test-{secrets.token_hex(6)}"
    yield name
    for found in containers(name):
        subprocess.run(["docker", "rm", "--force", "--volumes", found], check=False, capture_output=True)


def containers(run: str) -> list[str]:
    command = ["docker", "ps", "--all", "--quiet", "--filter", f"label={docker.LABEL}={run}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def holder(run: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, run], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_it_is_productions_version_on_loopback_with_our_settings(run: str) -> None:
    container = Docker(major=15, run=run)
    server = container.start()
    try:
        assert server.version // 10000 == 15
        assert (server.kind, server.host, server.data) == ("docker", "127.0.0.1", None)
        with psycopg.connect(server.dsn()) as connection:
            for name, value in {"fsync": "off", "wal_level": "logical", "autovacuum": "off"}.items():
                assert connection.execute(f"SHOW {name}".encode()).fetchone() == (value,)
        (found,) = containers(run)
        inspected = json.loads(subprocess.run(["docker", "inspect", found], check=True, capture_output=True).stdout)[0]
        bound = [entry for entries in inspected["NetworkSettings"]["Ports"].values() for entry in entries or []]
        assert {entry["HostIp"] for entry in bound} == {"127.0.0.1"}
    finally:
        container.stop()
    assert containers(run) == []


def test_templates_and_a_newer_schema_work_on_it(run: str) -> None:
    container = Docker(major=15, run=run)
    server = container.start()
    try:
        text = "SET transaction_timeout = 0;\nSET statement_timeout = 0;\nCREATE TABLE t (a int PRIMARY KEY);"
        with Templates(server) as templates:
            template = templates.ensure(
                "newer", lambda dsn: print(load(server, str(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]), text))
            )
            with psycopg.connect(server.dsn(templates.clone(template))) as connection:
                assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
    finally:
        container.stop()


def test_workers_of_one_run_share_a_container_and_the_last_removes_it(run: str) -> None:
    first, second = holder(run), holder(run)
    assert first_line(first) == first_line(second)
    assert len(containers(run)) == 1
    first.communicate("\n", timeout=60)
    assert len(containers(run)) == 1
    second.communicate("\n", timeout=60)
    assert containers(run) == []


def test_the_container_of_a_killed_run_is_swept_by_the_next(run: str) -> None:
    killed = holder(run)
    assert first_line(killed)
    killed.kill()
    killed.communicate()
    assert len(containers(run)) == 1
    other = Docker(major=15, run=f"{run}-next")
    other.start()
    try:
        assert containers(run) == []
    finally:
        other.stop()


def test_from_staging_auto_is_productions_version_in_a_container(run: str) -> None:
    chosen = provider("auto", level=Level.STAGING, production_version=150004, run=run)
    assert isinstance(chosen.provider, Docker)
    assert (chosen.why, chosen.image) == ("", "postgres:15")
    server = chosen.provider.start()
    try:
        assert chosen.shown(server) == "postgres:15 (docker)"
    finally:
        chosen.provider.stop()


def test_an_image_that_cannot_be_had_is_one_message(run: str) -> None:
    lines: list[str] = []
    with pytest.raises(ProdparityError) as caught:
        Docker(major=15, image="127.0.0.1:1/no-such-image:15", run=run, say=lines.append).start()
    assert "The image 127.0.0.1:1/no-such-image:15 is not on this machine and cannot be pulled" in caught.value.happened
    assert "docker pull" in str(caught.value)
    assert lines == ["pulling 127.0.0.1:1/no-such-image:15 …"]


def test_auto_falls_back_to_embedded_where_the_image_cannot_be_had(run: str) -> None:
    chosen = provider(
        "auto", level=Level.STAGING, production_version=150004, image="127.0.0.1:1/no-such-image:15", run=run
    )
    server = chosen.provider.start()
    try:
        assert server.kind == "embedded"
        assert "embedded PostgreSQL in place of a container: The image 127.0.0.1:1/no-such-image:15" in chosen.notes[0]
        assert "(embedded)" in chosen.shown(server)
    finally:
        chosen.provider.stop()


def test_testcontainers_is_left_as_the_users_own_tests_want_it(docker_daemon: Daemon, run: str) -> None:
    from testcontainers.core.config import testcontainers_config

    before = (
        testcontainers_config._ryuk_disabled,
        testcontainers_config.tc_host_override,
        os.environ.get("DOCKER_HOST"),
    )
    container = Docker(major=15, run=run)
    container.start()
    container.stop()
    after = (
        testcontainers_config._ryuk_disabled,
        testcontainers_config.tc_host_override,
        os.environ.get("DOCKER_HOST"),
    )
    assert after == before


def test_all_workers_of_a_run_get_the_message_where_the_image_cannot_be_had(run: str) -> None:
    code = HOLDER.replace("major=15,", 'major=15, image="127.0.0.1:1/no-such-image:15",')
    workers = [subprocess.Popen([sys.executable, "-c", code, run], stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for worker in workers:
        assert "127.0.0.1:1/no-such-image:15 is not on this machine" in worker.communicate(timeout=60)[1]


def test_doctor_sweeps_the_container_of_a_killed_run(run: str) -> None:
    killed = holder(run)
    assert first_line(killed)
    killed.kill()
    killed.communicate()
    command = [sys.executable, "-c", "from pytest_prodparity.cli import main; main()", "doctor", "--fix"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert "containers" in done.stdout
    assert containers(run) == []


def test_a_container_gets_a_volume_that_its_workers_share(run: str) -> None:
    demo = Path(docker.__file__).parent.parent / "demo" / "parity"
    volume = planned(store.load(demo), level=Level.DEV, rows=Rows(share=1, most=500), seed=7)
    first, second = Docker(major=15, run=run), Docker(major=15, run=run)
    try:
        with Templates(first.start()) as one, Templates(second.start()) as other:
            opened = ensure(one, volume)
            assert opened.built
            assert not ensure(other, volume).built
            who = login(one.server)
            clone = other.clone(opened.template)
            with psycopg.connect(one.server.dsn(clone, user=who.user, password=who.password)) as connection:
                found = connection.execute("SELECT count(*) FROM products").fetchone()
            assert found == (volume.counts["public.products"],)
            assert [server.port for server in docker.running(docker.containers(Account.current()))].count(
                one.server.port
            ) == 1
    finally:
        first.stop()
        second.stop()
    assert docker.running(docker.containers(Account.current())) == []
