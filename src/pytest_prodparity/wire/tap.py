"""The protocol by which rooms observe the wire."""

from __future__ import annotations

from typing import Protocol

from .trip import Trip


class Tap(Protocol):
    """Called by the connection's own thread, in order per connection; must be quick and must not raise."""

    def trip(self, trip: Trip) -> None:
        """One round trip is complete: its ReadyForQuery has been passed on."""
