"""How exact an injected latency is: `SELECT 1` through the same wire with and without it, in turns.

`error_us` is by injected milliseconds: what a round trip took more than the median without latency, less the latency
that was asked for; p50 and p99 of its absolute value. `own_p50` and `own_p99` are the same of the round trips without latency, so what the
machine varies by itself. `shift_p50` and `shift_p99` say how far the median and the 99th percentile are from where the latency should have
moved them. Without latency the client pauses as long before each statement: after a pause any round trip takes longer,
since processors and caches have gone to other things.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from pathlib import Path

import psycopg

from pytest_prodparity.core.latency import Latency
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream

MS = (0.2, 1.0, 20.0)
ROUNDS = 20
SECONDS = 0.3
"""Of one round, at most."""


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Take all figures."""
    provider = Embedded(throw_away=True)
    try:
        return _run(provider.start())
    finally:
        provider.stop()


def _run(server: Server) -> tuple[list[list[str]], dict[str, object]]:
    upstream = Upstream(
        host=server.host, port=server.port, user=server.user, password=server.password, database="postgres"
    )
    errors: dict[float, list[float]] = {ms: [] for ms in MS}
    owns: dict[float, list[float]] = {ms: [] for ms in MS}
    with Wire(lambda: upstream, root=Path(__file__).parent) as wire:
        dsn = server.dsn().replace(f":{server.port}/", f":{wire.port}/")
        with psycopg.connect(dsn, autocommit=True) as connection:
            _selects(connection, 100)
            for _ in range(ROUNDS):
                for ms in MS:
                    wire.latency = None
                    count = max(5, min(200, int(SECONDS * 1000 / ms)))
                    without = _selects(connection, count, ms / 1000)
                    plain = statistics.median(without)
                    owns[ms] += [(seconds - plain) * 1e6 for seconds in without]
                    wire.latency = Latency(ms=ms).sampler(0)
                    taken = _selects(connection, count)
                    errors[ms] += [(seconds - plain) * 1e6 - ms * 1000 for seconds in taken[2:]]
            wire.latency = None
    header = "latency, ms|round trips|error p50, us|error p99, us|without it p50|p99|median shifted by|p99 shifted by"
    table = [header.split("|")]
    figures: dict[str, dict[str, float]] = {}
    for ms, found in errors.items():
        error, own = _quantiles(map(abs, found)), _quantiles(map(abs, owns[ms]))
        shift = tuple(round(one - other, 1) for one, other in zip(_quantiles(found), _quantiles(owns[ms]), strict=True))
        table.append([f"{ms:g}", str(len(found)), *map(str, (*error, *own, *shift))])
        pairs = {"": error, "own_": own, "shift_": shift}
        figures[f"{ms:g}"] = {
            f"{name}{at}": pair[n] for name, pair in pairs.items() for n, at in enumerate(("p50", "p99"))
        }
    return table, {"error_us": figures}


def _quantiles(values: Iterable[float]) -> tuple[float, float]:
    ranked = sorted(values)
    return round(ranked[int(0.5 * (len(ranked) - 1))], 1), round(ranked[int(0.99 * (len(ranked) - 1))], 1)


def _selects(connection: psycopg.Connection[tuple[object, ...]], count: int, pause: float = 0.0) -> list[float]:
    cursor = connection.cursor()
    taken = []
    for _ in range(count):
        if pause:
            time.sleep(pause)
        began = time.perf_counter()
        cursor.execute("SELECT 1")
        taken.append(time.perf_counter() - began)
    return taken
