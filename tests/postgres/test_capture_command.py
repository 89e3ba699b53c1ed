"""`prodparity capture` and `prodparity show` as a user types them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from pytest_prodparity.cli import main
from pytest_prodparity.databases.provider import Server
from tests.postgres.awkward import SCHEMA
from tests.postgres.conftest import Production, production_on

PROGRAM = [sys.executable, "-c", "from pytest_prodparity.cli import main; main()"]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "PRODPARITY_PRO"))}
    return {**kept, "COLUMNS": "100", **more}


def prodparity(here: Path, *arguments: str, status: int = 0, **more: str) -> str:
    """What the command prints, stdout and stderr together; run in this process, which spares the start of Python."""
    out = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(here),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(out),
    ):
        for name in os.environ.keys() - environment().keys():
            patch.delenv(name)
        for name, value in environment(**more).items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["prodparity", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
    assert (left.value.code or 0) == status, out.getvalue()
    return out.getvalue()


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[Production]:
    with production_on(server, SCHEMA) as production:
        yield production


def test_capture_writes_two_files_and_lists_what_leaves(shop: Production, tmp_path: Path) -> None:
    out = prodparity(tmp_path, "capture", shop.url)
    assert sorted(path.name for path in (tmp_path / "parity").iterdir()) == ["profile.json", "schema.sql"]
    assert f"database {shop.name}, 14 tables" in out
    assert "public.customers.city  7 common values" in out
    assert "personal" in out
    assert "public.customers.email" in out
    assert "Review them, then commit both." in out
    assert len(out.splitlines()) <= 40, "one screen"
    assert shop.server.password not in out


def test_the_url_may_come_from_the_environment(shop: Production, tmp_path: Path) -> None:
    prodparity(tmp_path, "capture", "--to", "elsewhere", PRODPARITY_PRODUCTION_URL=shop.url)
    assert (tmp_path / "elsewhere" / "profile.json").exists()
    parts = urlsplit(shop.url)
    prodparity(
        tmp_path, "capture", PGHOST=str(parts.hostname), PGPORT=str(parts.port), PGUSER=str(parts.username),
        PGPASSWORD=str(parts.password), PGDATABASE=shop.name,
    )  # fmt: skip
    assert (tmp_path / "parity" / "profile.json").exists()


def test_the_folder_may_come_from_the_project_s_settings(shop: Production, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.prodparity]\nprofile = "tests/production"\n')
    prodparity(tmp_path, "capture", shop.url)
    assert (tmp_path / "tests" / "production" / "schema.sql").exists()
    assert shop.name in prodparity(tmp_path, "show")


def test_capturing_again_shows_what_changed(
    make_production: Callable[..., Production], server: Server, tmp_path: Path
) -> None:
    production = make_production(server, "CREATE TABLE a (id int PRIMARY KEY, b text); ANALYZE")
    prodparity(tmp_path, "capture", production.url)
    assert "Since the last capture (just now): no change." in prodparity(tmp_path, "capture", production.url)
    production.execute("CREATE TABLE z (id int); ALTER TABLE a DROP COLUMN b; CREATE INDEX again ON a (id)")
    production.execute(f"ALTER DATABASE \"{production.name}\" SET work_mem = '64MB'; ANALYZE")
    out = prodparity(tmp_path, "capture", production.url)
    for line in (
        "gone column public.a.b",
        "new index again on public.a: CREATE INDEX again ON public.a USING btree (id)",
        "new table public.z: 0 rows",
        "changed setting work_mem: 4MB -> 64MB",
    ):
        assert f"  {line}\n" in out


def test_a_broken_profile_is_replaced_and_said_so(shop: Production, tmp_path: Path) -> None:
    (tmp_path / "parity").mkdir()
    (tmp_path / "parity" / "profile.json").write_text("{")
    (tmp_path / "parity" / "schema.sql").write_text("")
    out = prodparity(tmp_path, "capture", shop.url)
    assert "could not be read, so nothing is compared" in out
    assert json.loads((tmp_path / "parity" / "profile.json").read_text())["database"] == shop.name


def test_keep_and_deny_decide_and_a_typo_is_refused(shop: Production, tmp_path: Path) -> None:
    prodparity(tmp_path, "capture", shop.url, "--keep", "*.email", "--deny", "public.customers.paid")
    columns = {
        column["name"]: column.get("statistics", {})
        for table in json.loads((tmp_path / "parity" / "profile.json").read_text())["tables"]
        if (table["schema"], table["name"]) == ("public", "customers")
        for column in table["columns"]
    }
    assert len(columns["email"]["histogram_bounds"]) == 101
    assert columns["paid"]["withheld"] == "denied"
    before = (tmp_path / "parity" / "profile.json").read_bytes()
    out = prodparity(tmp_path, "capture", shop.url, "--deny", "customers.emial", status=2)
    assert "--deny customers.emial: production has no such column (did you mean 'customers.email'?)." in out
    assert (tmp_path / "parity" / "profile.json").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "status", "happened", "fix"),
    [
        ({"password": "ge heim"}, 2, "User or password is wrong.", "set PGPASSWORD, put it into ~/.pgpass"),
        ({"user": "nobody here", "password": "ge heim"}, 2, "User or password is wrong.", "set PGPASSWORD"),
        ({"database": "nowhere"}, 2, "The database does not exist.", "check the URL's last part"),
    ],
)
def test_what_is_wrong_with_the_login_is_said_in_one_message(
    server: Server, tmp_path: Path, change: dict[str, str], status: int, happened: str, fix: str
) -> None:
    url = server.dsn(**{"database": "postgres", **change})
    lines = prodparity(tmp_path, "capture", url, status=status).splitlines()
    assert lines[0] == f"prodparity: Could not connect to production. {happened}"
    assert lines[1].startswith(f"Tried: {change.get('database', 'postgres')} at 127.0.0.1:{server.port}, as ")
    assert lines[2].startswith(f"To fix: {fix}")
    assert len(lines) == 3
    assert server.password not in "".join(lines)
    assert "ge heim" not in "".join(lines)
    assert "ge%20heim" not in "".join(lines)
    assert not (tmp_path / "parity").exists()


def test_an_unknown_host_and_a_closed_port_are_said(tmp_path: Path) -> None:
    out = prodparity(tmp_path, "capture", "postgresql://u:geheim@no-such-host.invalid/d", status=2)
    assert "The host name is not known." in out
    assert "Tried: d at no-such-host.invalid:5432, as u" in out
    closed = prodparity(tmp_path, "capture", "postgresql://u:geheim@127.0.0.1:1/d", status=3)
    assert "No server answers: " in closed
    assert "check host and port" in closed
    assert "geheim" not in out + closed


def test_no_url_says_where_it_was_looked_for(tmp_path: Path) -> None:
    out = prodparity(tmp_path, "capture", status=2)
    assert out == (
        "prodparity: capture needs to know where production is.\n"
        "Looked in: the argument, PRODPARITY_PRODUCTION_URL, PGHOST, PGSERVICE, PGDATABASE\n"
        "To fix: prodparity capture postgresql://reader@db.example.com/shop\n"
    )


def test_a_server_that_is_no_postgresql_is_refused(tmp_path: Path) -> None:
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with listener.accept()[0] as client:
                client.recv(1000)
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        out = prodparity(
            tmp_path,
            "capture",
            f"postgresql://u:geheim@127.0.0.1:{listener.getsockname()[1]}/d?sslmode=disable",
            status=3,
        )
        thread.join()
    assert "Could not connect to production" in out
    assert "geheim" not in out


def test_a_role_without_rights_gets_the_schema_and_the_statement_to_type(shop: Production, tmp_path: Path) -> None:
    out = prodparity(tmp_path, "capture", shop.role())
    assert "No statistics of Odd Schema.Order" in out
    assert "To fix: GRANT pg_read_all_data TO reader_" in out
    assert "CREATE TABLE public.customers" in (tmp_path / "parity" / "schema.sql").read_text()


def test_an_unknown_role_of_the_application_is_refused(shop: Production, tmp_path: Path) -> None:
    out = prodparity(tmp_path, "capture", shop.url, "--role", "postgrse", status=2)
    assert "--role postgrse: production has no such role (did you mean 'postgres'?)." in out


def test_a_statement_that_takes_too_long_says_what_to_type(shop: Production, tmp_path: Path) -> None:
    with psycopg.connect(shop.url) as migration:
        migration.execute("LOCK TABLE never IN ACCESS EXCLUSIVE MODE")
        out = prodparity(tmp_path, "capture", shop.url, "--timeout", "0.5", status=3)
    assert "failed: canceling statement due to " in out
    assert "To fix: " in out
    assert not (tmp_path / "parity").exists()


def test_ctrl_c_leaves_nothing_half_written(shop: Production, tmp_path: Path) -> None:
    with psycopg.connect(shop.url, autocommit=True) as other:
        other.execute("BEGIN; LOCK TABLE never IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(
            [*PROGRAM, "capture", shop.url], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'never'::regclass"
        deadline = time.monotonic() + 20
        while other.execute(waiting).fetchone() == (0,):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 130, out
    assert out.strip() == "Stopped."
    assert list(tmp_path.iterdir()) == []


def test_show_fits_one_screen_and_marks_what_is_odd(shop: Production, tmp_path: Path) -> None:
    prodparity(tmp_path, "capture", shop.url)
    out = prodparity(tmp_path, "show")
    assert out.startswith(f"PostgreSQL {shop.server.version // 10000}.")
    assert "captured just now" in out
    assert "public.never" in out
    assert "never analysed" in out
    assert "3 partitions" in out
    assert "materialized view" in out
    assert "withheld" in out
    assert all(len(line) <= 100 for line in out.splitlines())
    assert len(out.splitlines()) <= 40


def test_show_of_a_table_has_its_columns_indexes_and_constraints(shop: Production, tmp_path: Path) -> None:
    prodparity(tmp_path, "capture", shop.url)
    out = prodparity(tmp_path, "show", "public.customers")
    assert "public.customers · 5,000 rows" in out
    assert "withheld: personal" in out
    assert "CREATE INDEX by_paid ON public.customers USING btree (paid)" in out
    assert "customers_pkey: PRIMARY KEY (id)" in out
    data = json.loads(prodparity(tmp_path, "show", "public.customers", "--json"))
    assert data["tuples"] == 5000
    assert json.loads(prodparity(tmp_path, "show", "--json"))["database"] == shop.name


def test_show_of_an_unknown_or_ambiguous_table_says_what_to_type(shop: Production, tmp_path: Path) -> None:
    prodparity(tmp_path, "capture", shop.url)
    assert "no table 'evnts' (did you mean 'events'?)" in prodparity(tmp_path, "show", "evnts", status=2)
    out = prodparity(tmp_path, "show", "customers", status=2)
    assert "Table 'customers' is in several schemas.\nTo fix: prodparity show Odd Schema.customers" in out


def test_show_without_a_profile_says_how_to_make_one(tmp_path: Path) -> None:
    out = prodparity(tmp_path, "show", status=2)
    assert "No profile: parity/profile.json does not exist.\nTo fix: prodparity capture URL" in out
