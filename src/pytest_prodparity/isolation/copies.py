"""Each test has a copy of the database to itself, thrown away at its end: where changes cannot be followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..databases.provider import Server

Rows = tuple[tuple[str, int], ...]
"""The marker's `rows`, sorted: tests with the same rows begin with the same database."""


class Workshop(Protocol):
    """Makes databases. Each method raises ProdparityError, or psycopg's errors where the server was lost."""

    @property
    def server(self) -> Server:
        """Where they are; started now where it was not."""

    def template(self, rows: Rows) -> str:
        """What a test with these `rows` begins as a copy of; prepared for the delta."""

    def copy(self, name: str) -> str:
        """A copy of a database that nobody is connected to."""

    def drop(self, name: str) -> None:
        """A copy goes, once the wire leads elsewhere. Never raises."""


class Copies:
    """What is written outside tests goes to a base, and the tests' copies are made of that."""

    def __init__(self, workshop: Workshop, note: Callable[[str], None]) -> None:
        self._workshop = workshop
        self._note = note
        self._base: str | None = None
        self._own: str | None = None
        self._outer: list[tuple[str | None, str | None]] = []

    def database(self, rows: Rows, *, inside: bool) -> str:
        """Of the open test, or of what runs outside tests; made now where there is none."""
        if not inside:
            self._base = self._base or self._workshop.copy(self._workshop.template(()))
            return self._base
        if self._own is None:
            self._own = self._workshop.copy(self._of(rows))
        return self._own

    def end(self) -> None:
        """The open test's database goes."""
        own, self._own = self._own, None
        if own is not None:
            self._workshop.drop(own)

    def inwards(self) -> bool:
        """From here on what is the open test's is the base. Is there anything?"""
        self._outer.append((self._base, self._own))
        if self._own is None:
            return False
        self._base, self._own = self._own, None
        return True

    @property
    def written(self) -> bool:
        """Is there a database of what runs outside tests?"""
        return self._base is not None

    def outwards(self) -> None:
        """Back from `inwards`."""
        self.end()
        self._base, self._own = self._outer.pop()

    def forget(self) -> None:
        """The server was lost, and its databases with it."""
        self._base = self._own = None

    def _of(self, rows: Rows) -> str:
        if self._base is None:
            return self._workshop.template(rows)
        if not rows:
            return self._base
        self._note(APART)
        return self._workshop.template(rows)


APART = "a test with rows=… begins without what was written outside tests: it has a volume of its own"
