"""Back to the start after a test, at 10 MB to 5 GB, beside a clone of the whole database.

A test changes 20 rows of two tables on two connections, and commits; medians. Only one database is busy at a time, as
for one worker. The clone, made in between, is `CREATE DATABASE … TEMPLATE … STRATEGY file_copy`. `PRODPARITY_RESET_MB` names the sizes (10,100,1000);
with 5000 among them it takes 20 GB of disk. `read_only_undo_ms` is the reset of a test that only read; `read_only_overhead_ms` is what a
marked test that sends one statement takes, by pytest's own durations, beyond the same test on a bare psycopg connection: medians of a run. `hypothesis_example_ms` is
the time from one example that commits an INSERT and an UPDATE to the next, everything in it.
"""

from __future__ import annotations

import os
import statistics
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import psycopg

from benchmarks._in_pytest import example_ms, overhead_ms
from pytest_prodparity.databases.delta.tracker import Tracker
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.kept import drop
from pytest_prodparity.databases.provider import Server

SIZES = [int(size) for size in os.environ.get("PRODPARITY_RESET_MB", "10,100,1000").split(",")]
ROUNDS = 60
CLONES = 3
PER_MB = 1450
"""Rows of about 720 bytes, their indexes included."""
LABELS = {10: "10mb", 100: "100mb", 1000: "1gb", 5000: "5gb"}


@dataclass
class Place:
    """One database, its tracker, two connections, and what was measured."""

    tracker: Tracker
    first: psycopg.Connection
    second: psycopg.Connection
    resets: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Take all figures."""
    provider = Embedded(throw_away=True)
    try:
        return _run(provider.start())
    finally:
        provider.stop()


def _run(server: Server) -> tuple[list[list[str]], dict[str, object]]:
    for size in SIZES:
        _build(server, size)
    places: dict[int, Place] = {}
    clones: dict[int, list[float]] = {}
    thousands: dict[int, float] = {}
    for size in SIZES:
        clones[size] = _clones(server, size)
        with ExitStack() as stack:
            places[size] = place = _place(server, size, stack)
            _round(place)  # warm
            place.resets.clear()
            place.reads.clear()
            for _ in range(ROUNDS):
                _round(place)
            thousands[size] = _many(place)
    table = [["database", "20 rows, ms", "nothing, ms", "10 000 rows, ms", "clone, ms", "times"]]
    figures: dict[str, object] = {f"ms_{label}": None for label in LABELS.values()}
    for size, place in places.items():
        reset = statistics.median(place.resets) * 1000
        clone = statistics.median(clones[size]) * 1000
        table.append(
            [
                f"{size} MB",
                f"{reset:.2f}",
                f"{statistics.median(place.reads) * 1000:.2f}",
                f"{thousands[size] * 1000:.0f}",
                f"{clone:.0f}",
                f"{clone / reset:.0f}",
            ]
        )
        figures[f"ms_{LABELS.get(size, f'{size}mb')}"] = round(reset, 2)
    largest = max(places)
    figures |= {
        "clone_ms_1gb": round(statistics.median(clones[1000]) * 1000) if 1000 in places else None,
        "ms_10k_rows": round(thousands[largest] * 1000),
        "read_only_overhead_ms": round(overhead_ms(), 2),
        "hypothesis_example_ms": round(example_ms(), 2),
        "read_only_undo_ms": round(statistics.median(places[largest].reads) * 1000, 2),
    }
    return table, figures


def _build(server: Server, size: int) -> None:
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as admin:
        admin.execute(f"CREATE DATABASE size_{size}".encode())
    with closing(psycopg.connect(server.dsn(f"size_{size}"), autocommit=True)) as inside:
        inside.execute("CREATE TABLE orders (id bigint, customer int, status text, filler text)")
        inside.execute(
            "INSERT INTO orders SELECT n, n %% 1000, 'open', repeat(md5(n::text), 18) FROM generate_series(1, %s) n",
            [size * PER_MB],
        )
        inside.execute("ALTER TABLE orders ADD PRIMARY KEY (id)")
        inside.execute("CREATE TABLE lines (id bigserial PRIMARY KEY, orders bigint, amount numeric)")
        inside.execute("INSERT INTO lines (orders, amount) SELECT n, n FROM generate_series(1, 5000) n")
        inside.execute("VACUUM ANALYZE")
        inside.execute("CHECKPOINT")


def _clones(server: Server, size: int) -> list[float]:
    seconds = []
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as admin:
        for _ in range(CLONES):
            began = time.perf_counter()
            admin.execute(f"CREATE DATABASE cloned TEMPLATE size_{size} STRATEGY file_copy".encode())
            seconds.append(time.perf_counter() - began)
            drop(admin, "cloned")
    return seconds


def _place(server: Server, size: int, stack: ExitStack) -> Place:
    def connect() -> psycopg.Connection:
        return stack.enter_context(closing(psycopg.connect(server.dsn(f"size_{size}"), autocommit=True)))

    return Place(tracker=stack.enter_context(Tracker.open(server, f"size_{size}")), first=connect(), second=connect())


def _round(place: Place) -> None:
    place.first.execute("UPDATE orders SET status = 'paid' WHERE id BETWEEN 100 AND 109")
    place.second.execute("INSERT INTO lines (orders, amount) SELECT n, n FROM generate_series(1, 5) n")
    place.first.execute("DELETE FROM lines WHERE id BETWEEN 50 AND 54")
    place.resets.append(_reset(place, 20))
    place.second.execute("SELECT count(*) FROM lines WHERE id < 100")
    place.reads.append(_reset(place, 0))


def _many(place: Place) -> float:
    seconds = []
    for _ in range(3):
        place.first.execute("UPDATE orders SET status = 'paid' WHERE id <= 5000")
        place.first.execute("UPDATE lines SET amount = amount + 1 WHERE id <= 5000")
        seconds.append(_reset(place, 10_000))
    return statistics.median(seconds)


def _reset(place: Place, rows: int) -> float:
    began = time.perf_counter()
    undone = place.tracker.undo()
    seconds = time.perf_counter() - began
    assert undone.done, undone
    assert undone.rows == rows, undone
    return seconds
