"""Volume templates: built once by whoever is first, whole or not there, and refused before they start where there is no room."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.core.levels import Level, Rows
from pytest_prodparity.databases import roles
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.kept import BUILDING, kept, stale
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.template import Templates
from pytest_prodparity.profile.store import Stored
from pytest_prodparity.synthesis.build import Filled, Progress
from pytest_prodparity.synthesis.volume import NOTES, Fill, Label, Volume, check_disk, check_size, ensure
from tests.postgres.places import line, until
from tests.profile.made import profile

CHILD = """
import sys, time
from pathlib import Path
from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.template import Templates
from pytest_prodparity.synthesis.progress import Lines
from pytest_prodparity.synthesis.volume import ensure
from tests.postgres.test_volumes import filler, volume
port, password, seed, seconds = sys.argv[1:]
server = Server(host="127.0.0.1", port=int(port), user="postgres", password=password, version=180006, kind="embedded")
lines = Lines(lambda said: print(said, flush=True), first=0, every=0.2)
with Templates(server) as templates:
    try:
        opened = ensure(templates, volume(int(seed)), progress=lines, waiting=lines.waiting, fill=filler(float(seconds)))
        print("opened", opened.built, opened.total, templates.clone(opened.template), flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def volume(seed: int, *, counts: Mapping[str, int] | None = None, estimate: int = 1 << 20) -> Volume:
    made = profile()
    stored = Stored(profile=made, schema="CREATE TABLE orders (id bigint)", folder=Path())
    return Volume(
        stored=stored, counts=counts or {"public.orders": 1000}, estimate=estimate, seed=seed, level=Level.DEV,
        rows=Rows(share=0.01, most=10_000),
    )  # fmt: skip


def filler(seconds: float = 0) -> Fill:
    """Fills `orders` in a real database, in ten steps that take `seconds`."""

    def fill(
        dsn: str, stored: Stored, counts: Mapping[str, int], *, seed: int, progress: Progress | None = None,
        server: Server | None = None, now: datetime | None = None,
    ) -> Filled:  # fmt: skip
        total = counts["public.orders"]
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CREATE TABLE orders (id bigint PRIMARY KEY, seed int)")
            for step in range(10):
                connection.execute(
                    "INSERT INTO orders SELECT n, %s FROM generate_series(%s::int, %s) n, pg_sleep(%s)",
                    [seed, step * total // 10, (step + 1) * total // 10 - 1, seconds / 10],
                )
                if progress is not None:
                    progress((step + 1) * total // 10, total, "public.orders")
            connection.execute("ALTER TABLE orders OWNER TO parity")
        return Filled(rows={"public.orders": total}, seconds=seconds, notes=["table orders: never analysed"])

    return fill


def today(asked: Volume, server: Server) -> str:
    return asked.key(server, datetime.now(UTC).date())


@pytest.fixture
def seed() -> int:
    return secrets.randbelow(1 << 30)


@pytest.fixture
def templates(server: Server) -> Iterator[Templates]:
    with Templates(server) as opened:
        yield opened


def ask(server: Server, database: str, query: str) -> object:
    who = roles.login(server)
    with closing(psycopg.connect(server.dsn(database, user=who.user, password=who.password))) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def building(server: Server) -> list[str]:
    with psycopg.connect(server.dsn()) as connection:
        names = [str(name) for (name,) in connection.execute("SELECT datname FROM pg_database")]
    return [name for name in names if BUILDING.fullmatch(name)]


def child(server: Server, seed: int, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(server.port), server.password, str(seed), str(seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_volume_is_built_once_and_found_with_its_label(server: Server, templates: Templates, seed: int) -> None:
    first = ensure(templates, volume(seed), fill=filler())
    again = ensure(templates, volume(seed), fill=filler())
    assert (first.built, again.built) == (True, False)
    assert (first.template, first.total, first.notes) == (again.template, 1000, ("table orders: never analysed",))
    assert first.size > 1 << 20
    clone = templates.clone(first.template)
    assert ask(server, clone, "SELECT count(*) FROM orders") == 1000
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        found = [one for one in kept(connection, roles.login(server).user) if one.name == first.template]
    label = Label.read(found[0].label)
    assert label is not None
    assert (label.level, label.rows, label.seed, label.total) == ("dev", "1 %, at most 10,000 a table", seed, 1000)
    assert label.profile.startswith("shop ")
    assert time.time() - found[0].used < 3600
    assert found[0].size == first.size


def test_a_label_says_how_many_notes_it_leaves_out(templates: Templates, seed: int) -> None:
    notes = [f"note {at}" for at in range(NOTES + 5)]

    def fill(*_: object, **__: object) -> Filled:
        return Filled(notes=notes)

    assert ensure(templates, volume(seed), fill=fill).notes == (*notes[: NOTES - 1], "and 6 more")


def test_other_rows_and_another_seed_are_other_volumes(templates: Templates, seed: int) -> None:
    one = ensure(templates, volume(seed), fill=filler())
    more = ensure(templates, volume(seed, counts={"public.orders": 1010}), fill=filler())
    other = ensure(templates, volume(seed + 1), fill=filler())
    assert len({one.template, more.template, other.template}) == 3


def test_of_two_builds_at_once_one_builds_and_the_other_waits_and_says_so(server: Server, seed: int) -> None:
    builder = child(server, seed, 8)
    assert line(builder).startswith("building the volume: 10 % of 1,000 rows, public.orders")
    waiter = child(server, seed, 8)
    assert line(waiter).startswith("another process builds this volume; waiting for it")
    last = [process.communicate(timeout=60)[0].splitlines()[-1].split() for process in (builder, waiter)]
    assert [said[:3] for said in last] == [["opened", "True", "1000"], ["opened", "False", "1000"]]
    assert last[0][3] != last[1][3]


def test_of_eight_processes_at_once_one_builds(server: Server, seed: int) -> None:
    said = [process.communicate(timeout=120)[0].splitlines()[-1].split() for process in
            [child(server, seed, 0.5) for _ in range(8)]]  # fmt: skip
    assert sorted(one[1] for one in said) == ["False"] * 7 + ["True"]
    assert {one[2] for one in said} == {"1000"}
    assert len({one[3] for one in said}) == 8


def test_after_kill_9_in_the_middle_nothing_looks_whole_and_the_next_builds(
    server: Server, templates: Templates, seed: int
) -> None:
    killed = child(server, seed, 60)
    assert line(killed).startswith("building the volume: 10 %")
    assert templates.find(today(volume(seed), server)) is None
    killed.kill()
    killed.communicate()
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        until(lambda: any(BUILDING.fullmatch(name) for name in stale(connection)))
    assert templates.find(today(volume(seed), server)) is None
    opened = ensure(templates, volume(seed), fill=filler())
    assert opened.built
    assert ask(server, templates.clone(opened.template), "SELECT count(*) FROM orders") == 1000
    assert building(server) == []


def test_the_half_of_a_killed_build_is_swept_by_the_next_run_of_whatever(server: Server, seed: int) -> None:
    killed = child(server, seed, 60)
    assert line(killed).startswith("building the volume: 10 %")
    killed.kill()
    killed.communicate()
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as connection:
        until(lambda: any(BUILDING.fullmatch(name) for name in stale(connection)))
    with Templates(server) as other:
        assert any(BUILDING.fullmatch(name) for name in other.sweep()) or not building(server)
    assert building(server) == []


def test_ctrl_c_in_the_middle_leaves_nothing(server: Server, templates: Templates, seed: int) -> None:
    stopped = child(server, seed, 60)
    assert line(stopped).startswith("building the volume: 10 %")
    stopped.send_signal(signal.SIGINT)
    out, _ = stopped.communicate(timeout=30)
    assert out.splitlines()[-1] == "interrupted"
    assert building(server) == []
    assert templates.find(today(volume(seed), server)) is None


def test_a_table_that_cannot_be_filled_is_said_with_the_way_out(
    server: Server, templates: Templates, seed: int
) -> None:
    def fill(*_given: object, **_more: object) -> Filled:
        raise ProdparityError("public.orders: no row passes the check orders_check.", fix="--deny nothing")

    with pytest.raises(ProdparityError) as caught:
        ensure(templates, volume(seed), fill=fill)
    assert str(caught.value) == (
        "public.orders: no row passes the check orders_check.\n"
        "To fix: --deny nothing; or [tool.prodparity.levels.dev] rows = 0, to test with production's schema and no rows"
    )
    assert building(server) == []


def test_what_the_server_refuses_is_said_with_the_way_out(templates: Templates, seed: int) -> None:
    def fill(dsn: str, *_given: object, **_more: object) -> Filled:
        with psycopg.connect(dsn) as connection:
            connection.execute("INSERT INTO nowhere VALUES (1)")
        return Filled()

    with pytest.raises(
        ProdparityError, match='The volume could not be built: relation "nowhere" does not exist'
    ) as caught:
        ensure(templates, volume(seed), fill=fill)
    assert "rows = 0" in str(caught.value)


def test_a_billion_rows_are_refused_with_the_estimate_before_anything_starts() -> None:
    asked = volume(7, counts={"public.orders": 1_000_000_000}, estimate=120 << 30)
    with pytest.raises(UsageError) as caught:
        check_size(asked, 2 << 30)
    assert str(caught.value) == (
        "A volume of 1,000,000,000 rows would have about 120 GB; level dev builds at most 2.0 GB (max_bytes).\n"
        "Rows: 1 %, at most 10,000 a table; the most in public.orders, 1,000,000,000\n"
        'To fix: [tool.prodparity.levels.dev] rows = "1%, at most 7_000",'
        ' or [tool.prodparity.levels.dev] max_bytes = "132 GB"'
    )
    check_size(asked, 121 << 30)


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(
    server: Server, templates: Templates, seed: int
) -> None:
    asked = volume(seed, estimate=10 << 30)
    with pytest.raises(ProdparityError) as caught:
        check_disk(asked, server, free=lambda _server: 5 << 30)
    said = str(caught.value)
    assert said.startswith(
        "A volume of 1,000 rows needs about 21 GB of disk; 5.0 GB are free where the server keeps its data ("
    )
    assert "the kept database, about 10 GB, one copy of it for a test, and the log" in said
    assert "prodparity cache prune" in said
    check_disk(asked, server, free=lambda _server: 22 << 30)
    # where the disk is not this machine's, nothing is known
    check_disk(asked, server, free=lambda _server: None)
    huge = volume(seed, estimate=1 << 50)
    with pytest.raises(ProdparityError, match="of disk;"):
        ensure(templates, huge, fill=filler())
    assert building(server) == []


def test_a_template_that_somebody_removed_is_no_template(server: Server, templates: Templates, seed: int) -> None:
    opened = ensure(templates, volume(seed), fill=filler())
    templates.drop(opened.template)
    assert templates.find(today(volume(seed), server)) is None
    assert ensure(templates, volume(seed), fill=filler()).built


def test_yesterdays_volume_is_used_and_an_older_one_is_not(server: Server, templates: Templates, seed: int) -> None:
    asked, now = volume(seed), datetime.now(UTC).date()
    old = templates.ensure(asked.key(server, now - timedelta(days=2)), lambda _dsn: None)
    first = ensure(templates, asked, fill=filler())
    assert first.built
    assert first.template != old
    templates.drop(first.template)
    yesterday = templates.ensure(asked.key(server, now - timedelta(days=1)), lambda _dsn: None)
    assert ensure(templates, asked, fill=filler()).template == yesterday


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk: run as root")
def test_a_disk_that_becomes_full_is_one_message_and_the_next_build_works(seed: int) -> None:
    def hungry(dsn: str, *_given: object, **_more: object) -> Filled:
        with psycopg.connect(dsn) as connection:
            connection.execute("SET work_mem = '64kB'")
            connection.execute("SELECT count(*) FROM generate_series(1, 100000000)")  # into a temporary file
        return Filled()

    folder = Path(tempfile.mkdtemp(prefix="prodparity small ", dir="/var/tmp"))
    folder.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs", str(folder)], check=True)
    provider = Embedded(folder / "here")
    try:
        server = provider.start()
        with Templates(server) as templates:
            with pytest.raises(ProdparityError, match="No space left on the server's disk while") as caught:
                ensure(templates, volume(seed), fill=hungry)
            assert "prodparity cache prune" in str(caught.value)
            assert building(server) == []
            assert ensure(templates, volume(seed), fill=filler()).built
    finally:
        provider.stop()
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()
