"""Random programs on two connections are undone: is every row and sequence the one of the start?

`PRODPARITY_PROGRAMS` says how many (10 000). Half of them run with the proof by the stream, as a session's first tests do.
"""

from __future__ import annotations

import os
import statistics
import time
from contextlib import closing

import psycopg
from hypothesis import HealthCheck, Phase, given, settings

from pytest_prodparity.databases.checksum import checksum
from pytest_prodparity.databases.delta.tracker import Tracker
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from tests.postgres.delta import programs

PROGRAMS = int(os.environ.get("PRODPARITY_PROGRAMS", "10000"))


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Run them all."""
    provider = Embedded(throw_away=True)
    try:
        return _run(provider.start())
    finally:
        provider.stop()


def _run(server: Server) -> tuple[list[list[str]], dict[str, object]]:
    programs.make(server, "undo")
    count, statements, rows, differences = 0, 0, 0, 0
    seconds: list[float] = []
    actors = programs.actors(server, "undo")
    with Tracker.open(server, "undo") as tracker, closing(psycopg.connect(server.dsn("undo"), autocommit=True)) as look:
        start = checksum(look)

        @settings(
            max_examples=PROGRAMS, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(programs.programs)
        def try_one(program: list[programs.Step]) -> None:
            nonlocal count, statements, rows, differences
            statements += programs.run(actors, program)
            began = time.perf_counter()
            undone = tracker.undo(prove=bool(count % 2))
            seconds.append(time.perf_counter() - began)
            count += 1
            rows += undone.rows
            if not undone or start.differences(checksum(look)):
                differences += 1
                raise AssertionError(f"{undone}\n{program}")

        try_one()
    for actor in actors:
        actor.close()
    table = [
        ["programs", "statements", "rows changed", "differences", "undo, ms: median", "longest"],
        [
            f"{count:,}", f"{statements:,}", f"{rows:,}", str(differences), f"{statistics.median(seconds) * 1000:.2f}",
            f"{max(seconds) * 1000:.1f}",
        ],
    ]  # fmt: skip
    return table, {
        "programs": count,
        "differences": differences,
        "undo_ms": round(statistics.median(seconds) * 1000, 2),
        "rows": rows,
    }
