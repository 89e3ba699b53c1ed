"""Who sent a trip: threads, tasks, generators, other processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import psycopg2
import pytest

from pytest_prodparity.wire.proxy import Wire
from tests.postgres.wire.watching import Watched, line

HERE = "test_wire_senders.py"
THREADS = 6
EACH = 25


def _first(connection: Any, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 'first', {number}, pg_sleep(0.001)")  # first


def _second(connection: Any, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 'second', {number}")  # second


@pytest.mark.parametrize("driver", [psycopg, psycopg2], ids=["psycopg", "psycopg2"])
def test_threads_at_work_at_once_are_told_apart(driver: Any, watched: Watched) -> None:
    together = threading.Barrier(THREADS)

    def work(number: int) -> str:
        connection = driver.connect(watched.url())
        connection.autocommit = True
        if driver is psycopg:
            connection.prepare_threshold = None
        together.wait(20)
        for turn in range(EACH):
            (_first if (turn + number) % 2 else _second)(connection, number)
        connection.close()
        return threading.current_thread().name

    with ThreadPoolExecutor(THREADS, thread_name_prefix="worker") as pool:
        names = list(pool.map(work, range(THREADS)))
    trips = [trip for trip in watched.trips if "SELECT '" in trip.statements[0].sql]
    assert len(trips) == THREADS * EACH
    for trip in trips:
        sql = trip.statements[0].sql
        number = int(sql.split(",")[1])
        wanted = line("first") if "first" in sql else line("second")
        assert (str(trip.source), trip.actor) == (f"{HERE}:{wanted}", names[number])


def test_threads_that_share_one_pool_are_told_apart(watched: Watched) -> None:
    """A connection passes from thread to thread: who had it last is not who has it now."""
    connections = [psycopg.connect(watched.url(), autocommit=True, prepare_threshold=None) for _ in range(2)]
    free = list(connections)
    lock = threading.Semaphore(2)

    def work(number: int) -> None:
        for _ in range(EACH):
            with lock:
                connection = free.pop()
                try:
                    connection.execute(f"SELECT {number}")
                finally:
                    free.append(connection)

    threads = [threading.Thread(target=work, args=(number,), name=f"actor {number}") for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for connection in connections:
        connection.close()
    seen = [(trip.statements[0].sql, trip.actor) for trip in watched.trips]
    assert len(seen) == 4 * EACH
    assert {(sql, f"actor {sql.split()[1]}") for sql, _ in seen} == set(seen)


def test_a_thread_that_only_computes_or_sleeps_is_not_taken_for_the_sender(watched: Watched) -> None:
    stop = threading.Event()

    def compute() -> None:
        while not stop.is_set():
            sum(range(1000))

    def sleep() -> None:
        while not stop.is_set():
            time.sleep(0.001)

    others = [threading.Thread(target=compute), threading.Thread(target=sleep)]
    for other in others:
        other.start()
    try:
        with psycopg2.connect(watched.url()) as connection, connection.cursor() as cursor:
            for _ in range(20):
                cursor.execute("SELECT 1")  # beside
        connection.close()
    finally:
        stop.set()
        for other in others:
            other.join()
    sources = {str(trip.source) for trip in watched.trips if "SELECT 1" in trip.statements[0].sql}
    assert sources == {f"{HERE}:{line('beside')}"}


def _generated(connection: psycopg.Connection[Any]) -> Iterator[int]:
    for number in range(3):
        row = connection.execute("SELECT %s::int", [number]).fetchone()  # generates
        assert row is not None
        yield row[0]


def test_a_generator_is_named_and_who_drives_it(watched: Watched) -> None:
    with psycopg.connect(watched.url(), autocommit=True) as connection:
        assert sum(_generated(connection)) == 3  # drives
    for trip in watched.trips:
        assert [entry.split(" ")[0] for entry in trip.stack] == [
            f"{HERE}:{line('generates')}",
            f"{HERE}:{line('drives')}",
        ]


async def _task(connection: Any, number: int) -> None:
    for _ in range(10):
        if number % 2:
            await connection.fetch(f"SELECT {number}, pg_sleep(0.001)")  # odd
        else:
            await connection.fetch(f"SELECT {number}, pg_sleep(0.002)")  # even


@pytest.mark.asyncio
async def test_tasks_of_asyncpg_are_told_apart(watched: Watched) -> None:
    connections = [await asyncpg.connect(watched.url()) for _ in range(5)]
    await asyncio.gather(*[_task(connection, number) for number, connection in enumerate(connections)])
    for connection in connections:
        await connection.close()
    trips = [trip for trip in watched.trips if "pg_sleep" in trip.statements[0].sql]
    assert len(trips) == 50
    for trip in trips:
        number = int(trip.statements[0].sql.split()[1].rstrip(","))
        assert str(trip.source) == f"{HERE}:{line('odd') if number % 2 else line('even')}"
    actors = {(trip.connection, trip.actor) for trip in trips}
    assert len(actors) == 5
    assert len({actor for _, actor in actors}) == 5


@pytest.mark.asyncio
async def test_tasks_of_psycopg_are_told_apart(watched: Watched) -> None:
    async def work(number: int) -> None:
        async with await psycopg.AsyncConnection.connect(watched.url(), autocommit=True) as connection:
            for _ in range(5):
                await connection.execute(f"SELECT {number}, pg_sleep(0.001)")  # in a task

    tasks = [asyncio.create_task(work(number), name=f"task {number}") for number in range(5)]
    await asyncio.gather(*tasks)
    trips = watched.trips
    assert len(trips) == 25
    for trip in trips:
        number = trip.statements[0].sql.split()[1].rstrip(",")
        assert (trip.actor, str(trip.source)) == (f"task {number}", f"{HERE}:{line('in a task')}")


@pytest.mark.asyncio
async def test_what_awaits_the_drivers_own_coroutines_is_found(watched: Watched) -> None:
    one, two = await asyncpg.connect(watched.url()), await asyncpg.connect(watched.url())
    await asyncio.gather(one.fetch("SELECT 1"), two.fetch("SELECT 2"))  # gathers
    await asyncio.wait_for(one.fetch("SELECT 3"), 10)  # waits for
    async with asyncio.TaskGroup() as group:
        group.create_task(one.fetch("SELECT 4"))
        group.create_task(two.fetch("SELECT 5"))
        await asyncio.sleep(0)
        await asyncio.sleep(0.05)  # in the group
    await asyncio.shield(one.fetch("SELECT 6"))  # shields
    await one.close()
    await two.close()
    lines = {trip.statements[0].sql: trip.source.line if trip.source else None for trip in watched.trips}
    assert lines == {
        "SELECT 1": line("gathers"),
        "SELECT 2": line("gathers"),
        "SELECT 3": line("waits for"),
        "SELECT 4": line("in the group"),
        "SELECT 5": line("in the group"),
        "SELECT 6": line("shields"),
    }


@asynccontextmanager
async def _opened(watched: Watched) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(watched.url())
    await connection.fetch("SELECT 'enters'")  # enters
    yield connection
    await connection.close()


async def _rows(connection: Any) -> AsyncIterator[int]:
    for number in range(2):
        yield await connection.fetchval(f"SELECT 'yields', {number}")  # yields


@pytest.mark.asyncio
async def test_async_generators_are_named_and_who_drives_them(watched: Watched) -> None:
    async with _opened(watched) as connection:  # opens
        async for _ in _rows(connection):  # iterates
            pass
    enters = watched.of("enters")
    assert [entry.split(" ")[0] for entry in enters.stack] == [f"{HERE}:{line('enters')}", f"{HERE}:{line('opens')}"]
    yields = [trip for trip in watched.trips if "yields" in trip.statements[0].sql]
    assert len(yields) == 2
    for trip in yields:
        assert [entry.split(" ")[0] for entry in trip.stack] == [
            f"{HERE}:{line('yields')}",
            f"{HERE}:{line('iterates')}",
        ]


@pytest.mark.asyncio
async def test_a_blocking_driver_inside_a_task_is_named(watched: Watched) -> None:
    connection = psycopg2.connect(watched.url())
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'blocks'")  # blocks
    connection.close()
    trip = watched.of("blocks")
    assert str(trip.source) == f"{HERE}:{line('blocks')}"
    assert trip.actor.startswith("Task-")


@pytest.mark.asyncio
async def test_work_handed_to_a_thread_is_named_by_its_function(watched: Watched) -> None:
    def work() -> None:
        with psycopg.connect(watched.url()) as connection:
            connection.execute("SELECT 'handed'")  # handed

    await asyncio.to_thread(work)
    assert str(watched.of("handed").source) == f"{HERE}:{line('handed')}"


def test_a_loop_in_another_thread_is_searched(watched: Watched) -> None:
    async def work() -> None:
        connection = await asyncpg.connect(watched.url())
        await connection.fetch("SELECT 'elsewhere'")  # elsewhere
        await connection.close()

    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    thread.join()
    assert str(watched.of("elsewhere").source) == f"{HERE}:{line('elsewhere')}"


def test_another_process_is_named_by_its_id(watched: Watched) -> None:
    program = textwrap.dedent(f"""
        import os, psycopg
        with psycopg.connect({watched.url()!r}) as connection:
            connection.execute("SELECT 'outside'")
        print(os.getpid())
    """)
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    trip = watched.of("outside")
    assert (trip.source, trip.stack) == (None, ())
    if sys.platform == "linux":
        assert trip.actor == f"process {ran.stdout.strip()}"


def test_a_forked_child_connects_anew_and_leaves_the_parent_alone(watched: Watched) -> None:
    """In a program of its own: a fork in a process with threads warns."""
    upstream = watched.upstream
    program = textwrap.dedent(f"""
        import os, sys, time, warnings
        from pathlib import Path
        import psycopg
        from pytest_prodparity.wire.proxy import Wire
        from pytest_prodparity.wire.upstream import Upstream
        warnings.simplefilter("ignore", DeprecationWarning)
        upstream = Upstream(host={upstream.host!r}, port={upstream.port}, user={upstream.user!r},
            password={upstream.password!r}, database={upstream.database!r})
        seen = []
        class Tap:
            def trip(self, trip): seen.append(trip)
        with Wire(lambda: upstream, root=Path("/")) as wire:
            wire.taps.append(Tap())
            url = f"postgresql://{upstream.user}:{{upstream.password}}@127.0.0.1:{{wire.port}}/x"
            kept = psycopg.connect(url, autocommit=True)
            child = os.fork()
            if not child:
                with psycopg.connect(url) as own:
                    own.execute("SELECT 'child'")
                assert not seen
                os._exit(7)
            _, status = os.waitpid(child, 0)
            assert os.waitstatus_to_exitcode(status) == 7
            kept.execute("SELECT 'parent'")
            kept.close()
            assert wire.settle(time.monotonic() + 10)
            actors = {{trip.statements[0].sql: trip.actor for trip in seen}}
            assert actors["SELECT 'parent'"] == "MainThread", actors
            assert actors["SELECT 'child'"].endswith("process") or actors["SELECT 'child'"] == f"process {{child}}"
        print("right")
    """).replace("{upstream.user}:", f"{upstream.user}:")
    environment = {**os.environ, "PYTHONDEVMODE": "0"}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, timeout=60)
    assert ran.stdout.strip() == "right", ran.stderr


def test_lines_of_installed_packages_and_virtual_environments_are_not_the_users(
    watched: Watched, tmp_path: Path
) -> None:
    code = "def ask(connection):\n    connection.execute('SELECT 1')\n"
    places = ["shop/db.py", ".venv/lib/mine.py", "vendor/site-packages/theirs.py"]
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/pyvenv.cfg").touch()
    asks = {}
    for place in places:
        namespace: dict[str, Any] = {}
        exec(compile(code, str(tmp_path / place), "exec"), namespace)
        asks[place] = namespace["ask"]
    with Wire(lambda: watched.upstream, root=tmp_path) as wire:
        seen = Watched(wire, watched.upstream)
        with psycopg.connect(seen.url(), autocommit=True) as connection:
            for place in places:
                asks[place](connection)
        assert [str(trip.source) for trip in seen.trips] == ["shop/db.py:2", "None", "None"]
