"""What the wire adds to a round trip and to COPY, beside haproxy and socat.

Everything is on: trips are parsed, source lines are found, a tap is told. One psycopg 3 connection a way, all to the
same server over TCP loopback; rounds are interleaved and medians taken. `copy_ratio` is the lower of COPY in and out,
in rows of about 1 KB; `copy_narrow_ratio` the same in rows of about 60 bytes.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.trip import Trip
from pytest_prodparity.wire.upstream import Upstream

ROUNDS = 100
STATEMENTS = 100
COPY_ROUNDS = 5
COPY_BYTES = 32 << 20


class _Counts:
    def __init__(self) -> None:
        self.trips = 0
        self.lines = 0

    def trip(self, trip: Trip) -> None:
        """Count it."""
        self.trips += 1
        self.lines += trip.source is not None


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
    counts = _Counts()
    with contextlib.ExitStack() as stack:
        wire = stack.enter_context(Wire(lambda: upstream, root=Path(__file__).parent))
        wire.taps.append(counts)
        ports = {
            "direct": server.port,
            "wire": wire.port,
            "haproxy": stack.enter_context(_haproxy(server.port)),
            "socat": stack.enter_context(_socat(server.port)),
        }
        ways = {
            name: stack.enter_context(psycopg.connect(_dsn(server, port), autocommit=True))
            for name, port in ports.items()
            if port is not None
        }
        micros = _interleaved(ways, ROUNDS, _selects)
        before = counts.trips, counts.lines
        assert before[0] == before[1] >= ROUNDS * STATEMENTS, "the wire did not see every trip and its line"
        wide = _copies(ways, 1000)
        narrow = _copies(ways, 50)
    added = {name: _added(micros, name) for name in ports}
    table = [["way", "SELECT 1, us", "added, us", "COPY in, MB/s", "COPY out, MB/s", "narrow in", "narrow out"]]
    for name in ways:
        speeds = [f"{COPY_BYTES / 2**20 / statistics.median(taken[name]):.0f}" for taken in (*wide, *narrow)]
        table.append([name, f"{statistics.median(micros[name]) * 1e6:.1f}", f"{added[name]:.1f}", *speeds])
    return table, {
        "direct_us": round(statistics.median(micros["direct"]) * 1e6, 1),
        "added_us": added["wire"],
        "added_us_haproxy": added["haproxy"],
        "added_us_socat": added["socat"],
        "copy_ratio": min(_ratio(taken) for taken in wide),
        "copy_narrow_ratio": min(_ratio(taken) for taken in narrow),
    }


def _dsn(server: Server, port: int) -> str:
    return f"{server.dsn().replace(f':{server.port}/', f':{port}/')}"


def _added(micros: dict[str, list[float]], name: str) -> float | None:
    if name not in micros:
        return None
    pairs = zip(micros[name], micros["direct"], strict=True)
    return round(statistics.median(mine - direct for mine, direct in pairs) * 1e6, 1)


def _ratio(taken: dict[str, list[float]]) -> float:
    pairs = zip(taken["direct"], taken["wire"], strict=True)
    return round(statistics.median(direct / mine for direct, mine in pairs), 3)


def _interleaved(
    ways: dict[str, psycopg.Connection[tuple[object, ...]]],
    rounds: int,
    measure: Callable[[psycopg.Connection[tuple[object, ...]]], float],
) -> dict[str, list[float]]:
    """`rounds` times each way, the order turning; the first round warms up and is not counted."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for index in range(rounds + 1):
        for name in names[index % len(names) :] + names[: index % len(names)]:
            seconds = measure(ways[name])
            if index:
                taken[name].append(seconds)
    return taken


def _selects(connection: psycopg.Connection[tuple[object, ...]]) -> float:
    """The median of one round: a mean would measure what else the machine does."""
    cursor = connection.cursor()
    taken = []
    for _ in range(STATEMENTS):
        began = time.perf_counter()
        cursor.execute("SELECT 1")
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _copies(
    ways: dict[str, psycopg.Connection[tuple[object, ...]]], width: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    row = b"12345\t" + b"x" * width + b"\n"
    block = row * (65536 // len(row))
    table = f"copied_{width}"
    with ways["direct"].cursor() as cursor:
        cursor.execute(f"CREATE UNLOGGED TABLE {table} (id int, filler text)")

    def copy_in(connection: psycopg.Connection[tuple[object, ...]]) -> float:
        connection.execute(f"TRUNCATE {table}")
        began = time.perf_counter()
        with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for _ in range(COPY_BYTES // len(block)):
                copy.write(block)
        return time.perf_counter() - began

    def copy_out(connection: psycopg.Connection[tuple[object, ...]]) -> float:
        began = time.perf_counter()
        with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
            size = sum(len(data) for data in copy)
        assert size >= COPY_BYTES * 0.9
        return time.perf_counter() - began

    return _interleaved(ways, COPY_ROUNDS, copy_in), _interleaved(ways, COPY_ROUNDS, copy_out)


@contextlib.contextmanager
def _program(command: list[str], port: int) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 5
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
        yield port
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _haproxy(server: int) -> Iterator[int | None]:
    program = shutil.which("haproxy")
    if program is None:
        yield None
        return
    port = _free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".cfg") as config:
        config.write(
            "defaults\n mode tcp\n timeout connect 5s\n timeout client 1h\n timeout server 1h\n option tcp-smart-accept\n"
            f"listen pg\n bind 127.0.0.1:{port}\n server s 127.0.0.1:{server}\n"
        )
        config.flush()
        with _program([program, "-f", config.name, "-db"], port) as bound:
            yield bound


@contextlib.contextmanager
def _socat(server: int) -> Iterator[int | None]:
    program = shutil.which("socat")
    if program is None:
        yield None
        return
    port = _free_port()
    command = [program, f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,nodelay", f"TCP:127.0.0.1:{server},nodelay"]
    with _program(command, port) as bound:
        yield bound
