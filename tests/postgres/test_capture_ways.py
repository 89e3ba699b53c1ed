"""Ways in which production can be reached: TLS only, a standby."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.databases import options
from pytest_prodparity.databases.account import Account
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from tests.postgres.awkward import SCHEMA
from tests.postgres.conftest import DEBIAN15, Production, production_on


@pytest.fixture(scope="module")
def guarded(server15: Server) -> Iterator[Server]:
    """Roles named tls_… come in by TLS alone; replication is let in."""
    data = server15.data
    assert data is not None
    key, certificate, rules = data / "server.key", data / "server.crt", data / "pg_hba.conf"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=production", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    key.chmod(0o600)
    for path in (key, certificate):
        Account.current().own(path)
    old = rules.read_text()
    rules.write_text(
        "hostssl all tls 127.0.0.1/32 scram-sha-256\nhostnossl all tls 127.0.0.1/32 reject\n"
        "host replication all 127.0.0.1/32 scram-sha-256\n" + old
    )
    with psycopg.connect(server15.dsn(), autocommit=True) as admin:
        admin.execute("CREATE ROLE tls LOGIN PASSWORD 'by tls'")
        admin.execute("ALTER SYSTEM SET ssl = on")
        admin.execute("SELECT pg_reload_conf()")
    yield replace(server15, user="tls", password="by tls")
    rules.write_text(old)
    with psycopg.connect(server15.dsn(), autocommit=True) as admin:
        admin.execute("ALTER SYSTEM RESET ssl")
        admin.execute("DROP ROLE tls")
        admin.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="module")
def shop(server15: Server) -> Iterator[Production]:
    with production_on(server15, SCHEMA) as production:
        yield production


def test_a_production_that_only_speaks_tls_is_captured_whole(guarded: Server, shop: Production) -> None:
    """The schema too, although the wheel's pg_dump was built without TLS."""
    profile, schema = capture(replace(guarded, sslmode="require").dsn(shop.name))
    assert profile.role == "tls"
    assert "CREATE TABLE public.customers" in schema
    assert schema == capture(shop.url)[1]
    certificate = guarded.data / "server.crt"  # type: ignore[operator]
    capture(replace(guarded, sslmode=f"verify-full&sslrootcert={certificate}").dsn(shop.name))


def test_without_tls_the_message_says_what_to_add(guarded: Server, shop: Production) -> None:
    with pytest.raises(UsageError) as wrong:
        capture(guarded.dsn(shop.name))
    assert "The server lets nobody in this way: " in str(wrong.value)
    assert "?sslmode=require" in str(wrong.value)
    assert "by tls" not in str(wrong.value)


def test_a_certificate_that_is_not_trusted_is_said(guarded: Server, shop: Production, tmp_path: Path) -> None:
    (tmp_path / "none.crt").write_text("")
    with pytest.raises(UsageError, match="No encrypted connection came about"):
        capture(replace(guarded, sslmode=f"verify-full&sslrootcert={tmp_path / 'none.crt'}").dsn(shop.name))


@pytest.fixture
def standby(guarded: Server, server15: Server, shop: Production) -> Iterator[Server]:
    """A hot standby of Debian's server."""
    assert server15.data is not None
    folder, account = server15.data.parent / f"standby-{secrets.token_hex(4)}", Account.current()
    url = server15.dsn().replace("/postgres?", "/?")
    # a standby must allow for as much as its primary, whose settings are on its command line
    settings = " ".join(f"-c {name}='{value}'" for name, value in options.settings(15).items())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder.mkdir(mode=0o700)
    account.own(folder)
    try:
        copied = account.run([DEBIAN15 / "pg_basebackup", "-D", folder, "-R", "-X", "stream", "-c", "fast", "-d", url])
        assert copied.returncode == 0, copied
        started = account.run(
            [
                DEBIAN15 / "pg_ctl",
                "-D",
                folder,
                "-w",
                "-l",
                folder / "log",
                "-o",
                f"-p {port} -c unix_socket_directories='' {settings}",
                "start",
            ]
        )
        assert started.returncode == 0, (folder / "log").read_text()
        yield replace(server15, port=port)
    finally:
        account.run([DEBIAN15 / "pg_ctl", "-D", folder, "-m", "immediate", "stop"])
        shutil.rmtree(folder, ignore_errors=True)


def test_a_standby_gives_what_its_primary_gives(standby: Server, shop: Production) -> None:
    with psycopg.connect(shop.url) as primary, psycopg.connect(standby.dsn(shop.name), autocommit=True) as behind:
        row = primary.execute("SELECT pg_current_wal_lsn()").fetchone()
        assert row is not None
        while behind.execute("SELECT pg_last_wal_replay_lsn() < %s", row).fetchone() == (True,):
            pass
    profile, schema = capture(standby.dsn(shop.name))
    mine, its_schema = capture(shop.url)
    assert schema == its_schema
    assert profile.identity == mine.identity
    by_name = {table.full_name: table for table in mine.tables}
    for table in profile.tables:
        assert replace(table, live_rows=None) == replace(by_name[table.full_name], live_rows=None)
    assert any(note.startswith("Captured from a standby") for note in profile.notes)


def test_the_url_may_name_a_service(
    shop: Production, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_production: Callable[..., Production]
) -> None:
    parts = urlsplit(shop.url)
    path = tmp_path / "services"
    path.write_text(
        f"[production]\nhost={parts.hostname}\nport={parts.port}\nuser={parts.username}\n"
        f"password={parts.password}\ndbname={shop.name}\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(path))
    assert capture("service=production")[0].database == shop.name
    with pytest.raises(UsageError) as wrong:
        capture("service=prodution")
    assert 'definition of service "prodution" not found' in str(wrong.value)
