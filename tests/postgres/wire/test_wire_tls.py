"""A server that speaks TLS, behind clients that do not; and a server of an older version."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import psycopg
import pytest

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream
from tests.postgres.wire.watching import Watched, cancelled_while_it_sleeps, until


@pytest.fixture(scope="module")
def secured(server15: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """Debian's PostgreSQL 15 with a certificate for `localhost` that nobody has signed."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "server.key", "-out", folder / "server.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    assert server15.data is not None
    owner = server15.data.stat()
    for name in ("server.key", "server.crt"):
        file = Path(shutil.copy(folder / name, server15.data / name))
        file.chmod(0o600)
        shutil.chown(file, owner.st_uid, owner.st_gid)
    with psycopg.connect(server15.dsn(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET ssl = on")
        connection.execute("SELECT pg_reload_conf()")
        until(lambda: connection.execute("SHOW ssl").fetchone() == ("on",))
        connection.execute("DROP DATABASE IF EXISTS wire_secured WITH (FORCE)")
        connection.execute("CREATE DATABASE wire_secured")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PGSSLROOTCERT", str(folder / "server.crt"))
            yield Upstream(
                host="localhost", port=server15.port, user=server15.user, password=server15.password,
                database="postgres", sslmode="require",
            )  # fmt: skip
        connection.execute("ALTER SYSTEM RESET ssl")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("DROP DATABASE wire_secured WITH (FORCE)")


@pytest.mark.parametrize("sslmode", ["prefer", "require", "verify-ca", "verify-full"])
def test_the_servers_side_is_encrypted_and_the_login_is_the_clients(sslmode: str, secured: Upstream) -> None:
    upstream = replace(secured, sslmode=sslmode)
    with Wire(lambda: upstream, root=Path(__file__).parent) as wire:
        seen = Watched(wire, upstream)
        with psycopg.connect(seen.url(), autocommit=True) as connection:
            row = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
            assert row == (True,)
            with connection.cursor().copy(
                "COPY (SELECT repeat('x', 900) FROM generate_series(1, 9000)) TO STDOUT"
            ) as c:
                assert sum(len(data) for data in c) == 901 * 9000
            connection.execute("CREATE TEMP TABLE copied (note text)")
            with connection.cursor().copy("COPY copied FROM STDIN") as copy:
                for _ in range(2_000):
                    copy.write("y" * 4_000 + "\n")
            assert connection.execute("SELECT count(*) FROM copied").fetchone() == (2_000,)
        assert seen.of("count(*)").statements[0].rows == 1


def test_a_moved_connection_is_encrypted_too(secured: Upstream) -> None:
    with Wire(lambda: secured, root=Path(__file__).parent) as wire:
        seen = Watched(wire, secured)
        with psycopg.connect(seen.url(), autocommit=True) as connection:
            connection.execute("SET work_mem = '7MB'")
            wire.move(replace(secured, database="wire_secured"))
            row = connection.execute(
                "SELECT ssl, current_database(), current_setting('work_mem') FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            ).fetchone()
        assert row == (True, "wire_secured", "7MB")


@pytest.mark.asyncio
async def test_asyncpg_logs_in_where_the_server_offers_channel_binding(secured: Upstream) -> None:
    with Wire(lambda: secured, root=Path(__file__).parent) as wire:
        connection = await asyncpg.connect(Watched(wire, secured).url())
        assert await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        await connection.close()


def test_a_certificate_of_another_host_is_refused_where_it_matters(secured: Upstream) -> None:
    upstream = replace(secured, host="127.0.0.1", sslmode="verify-full")
    with (
        Wire(lambda: upstream, root=Path(__file__).parent) as wire,
        pytest.raises(psycopg.OperationalError, match="certificate verify failed"),
    ):
        psycopg.connect(Watched(wire, upstream).url())


def test_a_server_without_tls_is_refused_where_tls_is_asked_for(upstream: Upstream) -> None:
    asked = replace(upstream, sslmode="require")
    with (
        Wire(lambda: asked, root=Path(__file__).parent) as wire,
        pytest.raises(psycopg.OperationalError, match="does not support TLS, and sslmode=require needs it"),
    ):
        psycopg.connect(Watched(wire, asked).url())


def test_an_unknown_sslmode_is_named() -> None:
    with pytest.raises(ValueError, match="sslmode='always' is none of disable, allow"):
        Upstream(host="h", port=1, user="u", password="p", database="d", sslmode="always")


def test_a_cancel_request_reaches_a_server_under_tls(secured: Upstream) -> None:
    with (
        Wire(lambda: secured, root=Path(__file__).parent) as wire,
        psycopg.connect(Watched(wire, secured).url(), autocommit=True) as connection,
        cancelled_while_it_sleeps(connection, secured),
        pytest.raises(psycopg.errors.QueryCanceled),
    ):
        connection.execute("SELECT pg_sleep(30)")
