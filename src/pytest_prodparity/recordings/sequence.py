"""Plays requests as they were recorded, by method, URL and body, in order; knows nothing of credentials."""

from __future__ import annotations

import threading
from collections.abc import Sequence as Several

from .exchange import Exchange, Request, Ruling, Verdict


class Sequence:
    """Stands in for the ledger."""

    def __init__(self, exchanges: Several[Exchange]) -> None:
        self._left = [one for one in exchanges if not one.probe]
        self._lock = threading.Lock()

    def ask(self, request: Request) -> Ruling:
        """The next recorded answer to it."""
        with self._lock:
            for one in self._left:
                recorded = one.request
                if (recorded.method, recorded.url, recorded.body) == (request.method, request.url, request.body):
                    self._left.remove(one)
                    return Ruling(verdict=Verdict.ACCEPT, response=one.response, played=one)
        return Ruling(verdict=Verdict.NOT_COVERED, response=None, why="it was not recorded, or not as often")

    @property
    def unplayed(self) -> tuple[Exchange, ...]:
        """Not asked for."""
        return tuple(self._left)
