"""What a test leaves under way, and who holds the connections there are."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable

from ..databases.delta.fence import Leak
from ..queries.leaks import Left
from ..wire.connection import Open
from ..wire.proxy import Wire

LETTING_GO_S = 0.1
"""For the wire to see that what nobody held is closed."""


class Leaving:
    """Of one test at a time."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._open: set[int] = set()
        """Connections that were in a transaction when the test began."""
        self._held: dict[int, Open] = {}
        """By backend, the connections there were at the end."""
        self._left: list[Left] = []

    def begin(self) -> None:
        """A test begins."""
        self._open = {each.number for each in self._wire.connections if each.state in ("T", "E")}
        self._left.clear()

    def connections(self) -> tuple[Open, ...]:
        """Those that somebody holds, now that the test is over; objects that only hold each other are let go of."""
        if self._suspects():
            gc.collect()
            deadline = time.monotonic() + LETTING_GO_S
            while self._suspects() and time.monotonic() < deadline:
                time.sleep(0.001)
        connections = self._wire.connections
        self._held = {each.backend: each for each in connections}
        return connections

    def tell(self, leaks: Iterable[Leak]) -> list[str]:
        """In words, with the line that opened the connection."""
        told = []
        for leak in leaks:
            connection = self._held.get(leak.pid)
            self._left.append(Left(leak=leak, connection=connection))
            source = connection.source if connection is not None else None
            where = f", on a connection opened at {source}" if source is not None else ""
            name = f" {leak.name!r}" if leak.name and not leak.pid else ""
            told.append(f"{leak.what}{name}{where}")
        return told

    def take(self) -> tuple[Left, ...]:
        """What was told of the test."""
        left, self._left = tuple(self._left), []
        return left

    def _suspects(self) -> bool:
        return any(each.state in ("T", "E") and each.number not in self._open for each in self._wire.connections)
