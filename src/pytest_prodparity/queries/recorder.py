"""Collects a test's trips while it is watching, and where the code waits between them."""

from __future__ import annotations

import threading
from pathlib import Path

from ..wire.trip import Trip
from .pauses import Pause, Watch

LIMIT = 200_000
"""Trips that one test may send before later ones are only counted: about 200 MB at 1 kB a trip."""
TEXT = 20_000_000
"""Characters of statement texts and parameters that are kept, for tests that send few and long ones."""


class Recorder:
    """A tap on the wire, watching from the beginning. `start` forgets what was before; `stop` gives the trips.

    `root` is the folder below which lines are the user's.
    """

    def __init__(self, root: Path | None = None, *, limit: int = LIMIT, text: int = TEXT) -> None:
        self._limit = limit
        self._text_limit = text
        self._lock = threading.Lock()
        self._trips: list[Trip] = []
        self._text = 0
        self._dropped = 0
        self._watching = True
        self._watch = Watch(root or Path.cwd())
        self._pauses: tuple[Pause, ...] = ()

    def trip(self, trip: Trip) -> None:
        """Keep it, if a test is being watched."""
        if not self._watching:
            return
        size = sum(
            len(statement.sql) + sum(len(parameter.value or b"") for parameter in statement.parameters)
            for statement in trip.statements
        )
        with self._lock:
            if not self._watching:
                return
            if len(self._trips) >= self._limit or self._text + size > self._text_limit:
                self._dropped += 1
            else:
                self._trips.append(trip)
                self._text += size
        self._watch.saw(trip)

    def start(self) -> None:
        """Watch from here on."""
        with self._lock:
            self._trips, self._text, self._dropped = [], 0, 0
            self._pauses = ()
            self._watching = True
        self._watch.start()

    def stop(self) -> tuple[Trip, ...]:
        """Stop watching; the trips since `start`, in the order in which they ended. Harmless a second time."""
        with self._lock:
            watching, self._watching = self._watching, False
        if watching:
            self._pauses = self._watch.stop()
        return self.trips

    @property
    def trips(self) -> tuple[Trip, ...]:
        """What was seen since `start`."""
        with self._lock:
            return tuple(self._trips)

    @property
    def dropped(self) -> int:
        """Trips that did not fit into memory since `start`: what is judged is then not all that ran."""
        return self._dropped

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """Where the code waited with a transaction open; complete after `stop`."""
        return self._pauses
