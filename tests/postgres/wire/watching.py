"""What the tests of the wire ask of it."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.trip import Statement, Trip
from pytest_prodparity.wire.upstream import Upstream

DEADLINE_S = 20.0


class Watched:
    """A tap that keeps everything, and the URLs that lead through the wire."""

    def __init__(self, wire: Wire, upstream: Upstream) -> None:
        self.wire = wire
        self.upstream = upstream
        self.all: list[Trip] = []
        wire.taps.append(self)

    def trip(self, trip: Trip) -> None:
        self.all.append(trip)

    @property
    def trips(self) -> list[Trip]:
        """Everything so far."""
        assert self.wire.settle(time.monotonic() + DEADLINE_S)
        return self.all

    @property
    def statements(self) -> list[Statement]:
        """All statements so far, except those that open and close transactions."""
        return [
            statement
            for trip in self.trips
            for statement in trip.statements
            if statement.sql.upper().rstrip("; ") not in ("BEGIN", "COMMIT", "ROLLBACK")
        ]

    def of(self, part: str) -> Trip:
        """The one trip with a statement that contains `part`."""
        (found,) = [trip for trip in self.trips if any(part in one.sql for one in trip.statements)]
        return found

    def url(self, scheme: str = "postgresql", query: str = "") -> str:
        who = f"{quote(self.upstream.user)}:{quote(self.upstream.password)}"
        return f"{scheme}://{who}@127.0.0.1:{self.wire.port}/anything{query}"


def line(marker: str) -> int:
    """The line of the calling file that ends in `# marker`."""
    path = Path(inspect.stack()[1].filename)
    (found,) = [
        number for number, text in enumerate(path.read_text().splitlines(), 1) if text.rstrip().endswith(f"# {marker}")
    ]
    return found


def until(condition: object, seconds: float = DEADLINE_S) -> None:
    """Wait until the callable is true."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.002)


def open_files() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


@contextmanager
def cancelled_while_it_sleeps(connection: psycopg.Connection[Any], upstream: Upstream) -> Iterator[None]:
    """Cancel through the wire what the body runs, once the server's backend sleeps in it."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event = 'PgSleep'"

    def cancel() -> None:
        with psycopg.connect(
            host=upstream.host, port=upstream.port, user=upstream.user, password=upstream.password, dbname="postgres",
            autocommit=True,
        ) as past:  # fmt: skip
            until(lambda: past.execute(query, [upstream.database]).fetchone() == (1,))
        connection.cancel_safe()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    yield
    canceller.join()
