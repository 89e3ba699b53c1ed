"""Built once, found again, whole or not there; what a bad profile says."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.model import Column, ColumnStatistics, Extension, Profile, Table
from pytest_prodparity.profile.store import Stored, digest, load, save
from pytest_prodparity.twin import build
from pytest_prodparity.twin.pages import ServerPages, open_pages
from pytest_prodparity.twin.plan import CannotTell, Plan
from pytest_prodparity.twin.twin import Twin
from tests.postgres.twin.conftest import DATABASE
from tests.postgres.twin.world import QUERIES, SETTINGS, explained

OPEN = """
import sys
from pathlib import Path
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.store import load
from pytest_prodparity.twin.twin import Twin
folder, host, port, user, password, version, data = sys.argv[1:]
server = Server(host=host, port=int(port), user=user, password=password, version=int(version), kind="embedded", data=Path(data))
twin = Twin.open(load(Path(folder)), server)
print(twin.plan("SELECT * FROM little WHERE id = 5").cost)
twin.close()
"""


def little(schema: str = "CREATE TABLE public.little (id integer PRIMARY KEY, body text);\n", **changed: Any) -> Stored:
    table = Table(
        schema="public", name="little", kind="table", pages=100, tuples=10_000, size=100 * 8192,
        columns=[Column(name="id", type="integer"), Column(name="body", type="text")], ends={"id": ["1", "10000"]},
    )  # fmt: skip
    profile = Profile(
        captured_at="2026-01-01T00:00:00Z", server_version=180000, database="little", identity="little",
        tables=[table], schema_sha256=digest(schema),
    )  # fmt: skip
    return Stored(profile=replace(profile, **changed), schema=schema, folder=Path())


@pytest.fixture
def discard(server: Server) -> Iterator[list[Stored]]:
    """Twins to drop at the end."""
    made: list[Stored] = []
    yield made
    for stored in made:
        build.discard(server, build.name(stored, server))


def databases(server: Server) -> set[str]:
    with psycopg.connect(server.dsn(), autocommit=True) as control:
        return {name for (name,) in control.execute("SELECT datname FROM pg_database WHERE datname LIKE 'twin%'")}


def test_it_is_found_again(twin: Twin, stored: Stored, server: Server) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as control:
        query = "SELECT oid FROM pg_database WHERE datname = %s"
        before = control.execute(query, (build.name(stored, server),)).fetchone()
        with closing(Twin.open(stored, server)) as again:
            assert isinstance(again.plan(QUERIES[0]), Plan)
        assert before is not None
        assert control.execute(query, (build.name(stored, server),)).fetchone() == before


def test_four_processes_at_once_build_one(server: Server, tmp_path: Path, discard: list[Stored]) -> None:
    made = little()
    discard.append(made)
    save(tmp_path, made.profile, made.schema)
    build.discard(server, build.name(load(tmp_path), server))
    before = databases(server)
    program = [
        sys.executable,
        "-c",
        OPEN,
        tmp_path,
        server.host,
        server.port,
        server.user,
        server.password,
        server.version,
        server.data,
    ]
    command = [str(part) for part in program]
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: subprocess.run(command, capture_output=True, text=True, check=False), range(4)))
    assert [run.stderr for run in runs] == [""] * 4
    assert len({run.stdout for run in runs}) == 1
    discard.append(load(tmp_path))
    assert len(databases(server) - before) == 1


def test_a_damaged_twin_is_built_anew(server: Server, discard: list[Stored]) -> None:
    made = little()
    discard.append(made)
    database = build.name(made, server)
    with closing(Twin.open(made, server)) as twin:
        right = twin.plan("SELECT * FROM little")
        assert isinstance(right, Plan)
        for damage in (
            "VACUUM little",
            "TRUNCATE little",
            "ALTER TABLE little ADD COLUMN more integer DEFAULT random()",
        ):
            with psycopg.connect(server.dsn(database), autocommit=True) as connection:
                connection.execute(damage.encode())
            with closing(Twin.open(made, server)) as again:
                answer = again.plan("SELECT * FROM little")
                assert isinstance(answer, Plan)
                assert answer.root.raw == right.root.raw
        answer = twin.plan("SELECT * FROM little")
        assert isinstance(answer, Plan), "a connection that was lost to the new build is made anew"
        assert answer.root.raw == right.root.raw


def test_what_a_killed_build_left_is_swept(server: Server, discard: list[Stored]) -> None:
    made = little()
    discard.append(made)
    draft = "twin_0123456789abcdef_draft"
    with psycopg.connect(server.dsn(), autocommit=True) as control:
        control.execute(f"CREATE DATABASE {draft} TEMPLATE template0".encode())
    with closing(Twin.open(made, server)):
        assert draft not in databases(server)


def test_a_build_that_fails_leaves_nothing(server: Server) -> None:
    before = databases(server)
    broken = little("CREATE TABLE public.little (id integer PRIMARY KEY);\nCREATE TABLE public.second (id nonsense);\n")
    with pytest.raises(ProdparityError) as raised:
        Twin.open(broken, server)
    assert str(raised.value).splitlines()[0] == 'schema.sql, line 2: type "nonsense" does not exist.'
    assert databases(server) == before


def test_a_missing_extension_is_named_once(server: Server) -> None:
    text = "CREATE TABLE public.places (id integer PRIMARY KEY, at geometry);\n"
    postgis = Extension(name="postgis", version="3.4", schema="public")
    with pytest.raises(ProdparityError) as raised:
        Twin.open(little(text, extensions=[postgis]), server)
    lines = str(raised.value).splitlines()
    assert (
        lines[0]
        == "Production's schema needs the extension postgis, which this PostgreSQL 18 (embedded) does not have."
    )
    assert lines[1] == 'schema.sql, line 1: type "geometry" does not exist.'
    assert lines[2].startswith("To fix: ")


def test_an_extension_that_nothing_needs_may_be_missing(server: Server, discard: list[Stored]) -> None:
    made = little(extensions=[Extension(name="pg_cron", version="1.6", schema="public")])
    discard.append(made)
    with closing(Twin.open(made, server)) as twin:
        assert [note for note in twin.notes if "pg_cron" in note]
        assert isinstance(twin.plan("SELECT * FROM little"), Plan)


def test_a_statistic_that_does_not_fit_is_left_out_and_said(server: Server, discard: list[Stored]) -> None:
    made = little()
    wrong = ColumnStatistics(null_frac=0, avg_width=4, n_distinct=2, most_common_vals=["one"], most_common_freqs=[0.5])
    table = replace(made.profile.tables[0], columns=[Column(name="id", type="integer", statistics=wrong)])
    made = replace(made, profile=replace(made.profile, tables=[table]))
    discard.append(made)
    with closing(Twin.open(made, server)) as twin:
        assert twin.notes == ('a statistic was not taken: invalid input syntax for type integer: "one"',)
        assert isinstance(twin.plan("SELECT * FROM little"), Plan)


def test_a_table_that_the_schema_lacks_is_said(server: Server, discard: list[Stored]) -> None:
    made = little("CREATE TABLE public.other (id integer);\n")
    discard.append(made)
    with closing(Twin.open(made, server)) as twin:
        assert twin.notes == ("public.little is in profile.json, not in schema.sql",)


def test_an_older_server_is_refused(server: Server) -> None:
    with pytest.raises(ProdparityError) as raised:
        Twin.open(little(), replace(server, version=150_018))
    assert (
        str(raised.value).splitlines()[0].startswith("The planner twin needs PostgreSQL 18 or later, Server(embedded")
    )


def test_another_major_version_of_production_is_said(server: Server, discard: list[Stored]) -> None:
    made = little(server_version=150_004)
    discard.append(made)
    with closing(Twin.open(made, server)) as twin:
        assert not twin.exact
        assert twin.caveat is not None
        assert twin.caveat.startswith("production runs PostgreSQL 15, these plans are PostgreSQL 18's")


def test_productions_settings_are_in_force(twin: Twin, production: psycopg.Connection[Any]) -> None:
    for name, value in SETTINGS.items():
        answer = twin.plan("SELECT current_setting($1) = $2", None)
        assert isinstance(answer, Plan), (name, value)
    answer = twin.plan('SELECT * FROM "Order %Lines" WHERE "Order Id" = 7')
    assert isinstance(answer, Plan), "search_path"
    assert answer.cost == explained(production, 'SELECT * FROM "Order %Lines" WHERE "Order Id" = 7')["Total Cost"]


def test_row_level_security_applies_as_to_the_application(twin: Twin, production: psycopg.Connection[Any]) -> None:
    query = "SELECT * FROM notes WHERE body LIKE 'x%'"
    missing = twin.plan(query)
    assert isinstance(missing, CannotTell)
    assert missing.reason.startswith(
        "a row-level security policy or function needs a setting: unrecognized configuration"
    )
    answer = twin.plan(query, settings={"app.tenant": "7"})
    with production.transaction(force_rollback=True):
        production.execute("SELECT set_config('app.tenant', '7', true)")
        production.execute("SET LOCAL ROLE twin_world_app")
        right = explained(production, query)
    assert isinstance(answer, Plan)
    assert answer.root.raw == right
    assert "current_setting" in str(right)


def test_a_profile_as_capture_writes_it_by_default(
    server: Server, production: psycopg.Connection[Any], discard: list[Stored]
) -> None:
    profile, schema = capture(server.dsn(DATABASE))
    made = Stored(profile=profile, schema=schema, folder=Path())
    discard.append(made)
    with closing(Twin.open(made, server)) as twin:
        same = [
            isinstance(answer := twin.plan(query), Plan)
            and answer.root.type == explained(production, query)["Node Type"]
            for query in QUERIES
        ]
    assert sum(same) >= len(QUERIES) - 3


def test_a_profile_without_any_value(
    server: Server, production: psycopg.Connection[Any], discard: list[Stored]
) -> None:
    profile, schema = capture(server.dsn(DATABASE), values=False)
    made = Stored(profile=profile, schema=schema, folder=Path())
    discard.append(made)
    with closing(Twin.open(made, server)) as twin:
        assert all(isinstance(twin.plan(query), Plan) for query in QUERIES)
        assert twin.notes == ()
        answer = twin.plan("SELECT * FROM orders WHERE id = 5")
        assert isinstance(answer, Plan)
        assert answer.root.type == "Index Scan"


def test_files_that_only_the_server_may_write(
    server: Server, stored: Stored, production: psycopg.Connection[Any], discard: list[Stored]
) -> None:
    elsewhere = replace(server, data=None)
    made = replace(stored, schema=stored.schema + "\n-- written by the server itself\n")
    discard.append(made)
    with psycopg.connect(server.dsn(), autocommit=True) as control:
        assert isinstance(open_pages(elsewhere, control), ServerPages)
    with closing(Twin.open(made, elsewhere)) as twin:
        for query in QUERIES[:20]:
            answer = twin.plan(query)
            assert isinstance(answer, Plan)
            assert answer.root.raw == explained(production, query)
        answer = twin.what_if("CREATE INDEX ON orders (total)", "SELECT * FROM orders WHERE total = 3.5")
        assert isinstance(answer, Plan)
        assert answer.cost < 400


def test_opening_a_built_twin_takes_no_time(twin: Twin, stored: Stored, server: Server) -> None:
    began = time.monotonic()
    Twin.open(stored, server).close()
    assert time.monotonic() - began < 0.5
