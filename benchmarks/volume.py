"""How long a whole database takes, from a captured profile to validated keys.

TPC-H at scale 1, made by tpchgen-cli, is captured with its values; then the profile alone is filled: rows, keys, indexes, ANALYZE,
foreign keys. `peak_mb`: memory of this process and its workers, without the server. `open_cached_s`: a copy of the filled database
that was ready is taken, and queried.
"""

from __future__ import annotations

import itertools
import resource
import statistics
import time
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks._production import load_tpch
from pytest_prodparity.core.levels import Rows
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.databases.template import Templates
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.store import Stored
from pytest_prodparity.synthesis import build, plan

SCALE, CLONES = 1.0, 3


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Measure on a server of its own."""
    provider = Embedded(throw_away=True)
    server = provider.start()
    try:
        stored = _captured(server)
        counts = plan.counts(stored.profile, rows=Rows())
        with Templates(server) as templates:
            found: list[build.Filled] = []
            steps: list[tuple[str, float]] = []

            def progress(*said: int | str) -> None:
                step = str(said[2]) if said[2] in ("plan", "indexes", "statistics", "foreign keys") else "rows"
                if not steps or steps[-1][0] != step:
                    steps.append((step, time.perf_counter()))

            template = templates.ensure(
                "volume benchmark",
                lambda dsn: found.append(
                    build.fill(_owner(server, dsn), stored, counts, seed=7, server=server, progress=progress)
                ),
            )
            steps.append(("end", time.perf_counter()))
            opened = []
            for _ in range(CLONES):
                templates.ready(template)  # as at the end of a build, and after each run
                opened.append(_opened(server, templates, template))
    finally:
        provider.stop()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    filled = found[0]
    figures: dict[str, object] = {
        "rows": sum(filled.rows.values()),
        "seconds": round(filled.seconds, 1),
        # of the children the largest is known: two of them
        "peak_mb": round((own + 2 * workers) / 1024),
        "open_cached_s": round(statistics.median(opened), 3),
    }
    table = [["step", "s"]]
    for (name, at), (_, after) in itertools.pairwise(steps):
        table.append([name, f"{after - at:.1f}"])
    table += [["everything", f"{filled.seconds:.1f}"], ["a clone", f"{statistics.median(opened):.3f}"]]
    return table, figures


def _owner(server: Server, dsn: str) -> str:
    return server.dsn(str(conninfo_to_dict(dsn)["dbname"]))


def _captured(server: Server) -> Stored:
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE production")
        load_tpch(server, "production", SCALE)
        profile, schema = capture(server.dsn("production"), keep=("*",))
        admin.execute("DROP DATABASE production")
    return Stored(profile=profile, schema=schema, folder=Path())


def _opened(server: Server, templates: Templates, template: str) -> float:
    began = time.perf_counter()
    name = templates.clone(template)
    with psycopg.connect(server.dsn(name)) as connection:
        connection.execute("SELECT 1 FROM lineitem LIMIT 1")
    taken = time.perf_counter() - began
    templates.drop(name)
    return taken
