"""The choice between the delta and a copy for each test, and what a run tells of it."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import psycopg

from ..core.errors import ProdparityError
from ..databases.delta.prepare import Untrackable, why_not
from ..databases.provider import Server
from ..databases.template import Templates
from ..queries.leaks import Left
from ..wire.proxy import Wire
from ..wire.trip import Trip
from ..wire.upstream import Upstream
from .copies import APART, Copies, Rows
from .left import Leaving

if TYPE_CHECKING:
    from ..core.delta import Delta
    from ..databases.delta.fence import Leak
    from ..databases.delta.frame import Undone
    from .ground import Followed


class Run(Protocol):
    """What the session knows. Its properties start the server where that was not, and raise ProdparityError."""

    @property
    def server(self) -> Server:
        """The server of the tests."""

    @property
    def templates(self) -> Templates:
        """Its templates, and this process's copies."""

    @property
    def search_path(self) -> str | None:
        """Production's."""

    def template(self, rows: Mapping[str, int]) -> str:
        """The database that a test with these `rows` begins as a copy of."""

    def entitle(self, database: str) -> None:
        """Give whom tests connect as production's rights in a fresh copy."""

    def lose(self, said: str | None) -> None:
        """The server was lost, as it `said`; or, with None, a template."""

    def note(self, text: str) -> None:
        """For the report."""


@dataclass
class Told:
    """What a run tells of its isolation; `take` hands it over once."""

    copies: list[tuple[str, str]] = field(default_factory=list)
    """Tests that cost a fresh copy, each with the reason."""
    leaks: list[tuple[str, str]] = field(default_factory=list)
    """Tests that left something under way, each with what."""

    def take(self) -> dict[str, list[tuple[str, str]]]:
        """As plain JSON."""
        taken = {"copies": self.copies, "leaks": self.leaks}
        self.copies, self.leaks = [], []
        return taken


QUESTIONS = (
    "SELECT",
    "SHOW",
    "BEGIN",
    "START",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "SET",
    "RESET",
    "DISCARD",
)
"""Tags of statements that most often write nothing."""


class Isolation:
    """Leads the wire to the database of the open test, or of what runs outside tests.

    `lock` is the session's. It is not held while the wire moves: the wire's threads come here for the database.
    """

    def __init__(
        self, run: Run, wire: Wire, upstream: Callable[[], Upstream], lock: threading.RLock, setting: str = "auto"
    ) -> None:
        self._run = run
        self._wire = wire
        self._upstream = upstream
        self._lock = lock
        self._setting = setting
        self._test: str | None = None
        self._rows: Rows = ()
        self._copies: Copies | None = None
        """Where each test has a copy."""
        self._why = ""
        """It has one because of this."""
        self._followed: dict[Rows, Followed] = {}
        """By the marker's `rows`: the databases that are followed."""
        self._decided = False
        self._aim: Rows = ()
        """Where the wire leads."""
        self._stirred = False
        """Something passed the wire since the last test."""
        self._written = False
        """Something passed that was more than a question, since the last undo."""
        self._pending: tuple[Followed, str] | None = None
        """Where what the last test changed is still there, and that test."""
        self._begun = 0.0
        """When the open test began; connections that are older are wider fixtures'."""
        self._marks: list[tuple[object, float]] = []
        """Of the states within it that are come back to: who wrote them, and when; connections that are older stay."""
        self._told = Told()
        self._leaving = Leaving(wire)
        self._dropped: list[str] = []
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="prodparity aside")
        wire.taps.append(self)

    # --- one test

    @property
    def test(self) -> str | None:
        """The open one."""
        return self._test

    @property
    def begun(self) -> float:
        """When the open test began, by `time.monotonic()`."""
        return self._begun

    @property
    def written(self) -> bool:
        """Was anything written outside tests, which tests with other rows do not have?"""
        followed = self._followed.get(())
        apart = self._copies is not None and self._copies.written
        return self._stirred or apart or (followed is not None and followed.written)

    def begin(self, test: str, rows: Mapping[str, int]) -> None:
        """From here on the wire leads to a database in which nothing is from another test."""
        if self._test == test:
            return
        if self._test is not None:
            self.end(self._test)
        self.go_on()
        self.wrote(None)
        self._leaving.begin()
        with self._lock:
            if self._decided and self._run.server.gone:
                self._lost("its process has ended")
            self._test, self._rows, self._begun = test, tuple(sorted(rows.items())), time.monotonic()
        self._move()

    def end(self, test: str, *, last: bool = False) -> tuple[Left, ...]:
        """What the test changed goes; after the run's `last` test only if another begins. What it left under way.

        Raises ProdparityError where that went wrong; the next test is not concerned.
        """
        if self._test != test:
            return ()
        undone = None
        connections = self._leaving.connections()
        older = [each.backend for each in connections if each.since < self._begun]
        with self._lock:
            followed = self._followed.get(self._rows)
            if followed is not None and followed.database is not None:
                if last and not followed.written and followed.tracker is not None:
                    self._tell(test, followed.tracker.settle(older=older))
                    self._pending = followed, test
                else:
                    undone = self._undo(followed, test, older)
            if self._copies is not None:
                self._copies.end()
            self._test, self._rows, self._stirred = None, (), False
        self._move()
        self._judge(undone)
        return self._leaving.take()

    def let_go(self) -> None:
        """Objects that only hold each other, and connections by them, are let go of. Takes a moment where something stays open."""
        self._leaving.connections()

    def go_on(self) -> None:
        """Somebody comes after the test that was taken for the last: what that changed goes."""
        if self._pending is None:
            return
        older = self._backends()
        with self._lock:
            (followed, test), self._pending = self._pending, None
            undone = self._undo(followed, test, older)
            if undone.broken:
                self._run.note(f"what {test} changed could not be taken back: {undone.reasons[0]}")
        if not undone:
            self._move()

    def _judge(self, undone: Undone | None) -> None:
        if undone is not None and undone.broken:
            raise ProdparityError(
                f"What this test changed could not be taken back: {undone.reasons[0]}.",
                tried="The database is not used any more, so no other test has seen it",
                fix='[tool.prodparity] isolation = "clone", and please report it',
            )

    def _undo(self, followed: Followed, test: str, older: Collection[int]) -> Undone:
        undone = followed.undo(older, written=self._written)
        self._written = False
        if not undone:
            self._told.copies += [(test, reason) for reason in undone.reasons[:1]]
        self._tell(test, undone.leaks)
        return undone

    def _tell(self, test: str, leaks: Iterable[Leak]) -> None:
        self._told.leaks += [(test, said) for said in self._leaving.tell(leaks)]

    def delta(self) -> Delta:
        """What the open test changed so far. Raises ProdparityError where that cannot be told."""
        from ..core.delta import Delta

        with self._lock:
            followed = self._followed.get(self._rows)
            if followed is None and self._copies is None:
                return Delta()
            tracker = followed.tracker if followed is not None else None
            why = self._why if followed is None else followed.why
            if tracker is not None:
                return tracker.delta()
            if followed is not None and followed.database is None:
                return Delta()
        raise ProdparityError(f"What this test changed cannot be told: {why}.", fix="prodparity doctor")

    # --- states within one test

    def mark(self) -> None:
        """What the open test has written so far is there after each `back`, until `unmark`. Marks may be nested."""
        older = self._backends()
        owner = object()
        with self._lock:
            followed = self._followed.get(self._rows)
            moves = followed is not None and followed.wrote(owner, older)
            if self._copies is not None:
                moves = self._copies.inwards()
            self._marks.append((owner, time.monotonic()))
        self._move(always=moves)

    def back(self, *, heard: bool = True) -> None:
        """What was written since the last `mark` goes. Raises ProdparityError where that went wrong.

        `heard`: what was left under way is part of what the run tells.
        """
        test, (_, since) = self._test, self._marks[-1]
        older = [each.backend for each in self._leaving.connections() if each.since < since]
        undone, told = None, self._told
        if not heard:
            self._told = Told()
        try:
            with self._lock:
                followed = self._followed.get(self._rows)
                if test is not None and followed is not None and followed.database is not None:
                    undone = self._undo(followed, test, older)
                if self._copies is not None:
                    self._copies.end()
        finally:
            self._told = told
        self._move()
        self._judge(undone)

    def unmark(self) -> None:
        """What was written before the last `mark` is undone with the test again."""
        older = self._backends()
        owner, _ = self._marks.pop()
        with self._lock:
            followed = self._followed.get(self._rows)
            moves = followed is not None and followed.inherit(owner, older)
            if self._copies is not None:
                self._copies.outwards()
        self._move(always=moves or self._copies is not None)

    # --- what wider fixtures write

    def wrote(self, owner: object) -> None:
        """What was written outside tests since the last call is `owner`'s, and part of each test until `finished`."""
        if self._test is not None or not self._stirred:
            return
        self.go_on()
        with self._lock:
            self._stirred = False
            followed = self._followed.get(())
            moves = followed is not None and followed.wrote(owner, self._backends())
        if moves:
            self._move(always=True)

    def finished(self, owner: object) -> None:
        """`owner` is over: what it wrote goes."""
        if self._test is not None:
            return
        self.wrote(owner)
        with self._lock:
            followed = self._followed.get(())
            lost = followed.finished(owner, self._backends()) if followed is not None and followed.written else ()
        if lost:
            self._move()

    def _backends(self) -> list[int]:
        return [each.backend for each in self._wire.connections]

    # --- databases

    def database(self) -> str:
        """Of the open test, or of what runs outside tests; made now where there is none. Raises ProdparityError."""
        with self._lock:
            try:
                return self._database()
            except psycopg.errors.InvalidCatalogName:
                self._run.lose(None)  # somebody removed the kept template meanwhile
                return self._again()
            except psycopg.Error as cause:
                if not _is_loss(cause):
                    raise _failed(cause) from cause
                self._lost(str(cause).splitlines()[0])
                return self._again()

    def _lost(self, said: str) -> None:
        self._forget()
        self._run.lose(said)

    def _again(self) -> str:
        try:
            return self._database()
        except psycopg.Error as cause:
            raise _failed(cause) from cause

    def _database(self) -> str:
        rows = self._rows
        if not self._decided:
            self._decide()
        if self._copies is None:
            followed = self._followed.get(rows)
            if followed is None:
                from .ground import Followed

                followed = self._followed[rows] = Followed(self, rows, self._aside)
            if rows and (outside := self._followed.get(())) is not None and outside.written:
                self._run.note(APART)
            try:
                return followed.open()
            except Untrackable as found:
                for each in self._followed.values():
                    each.close()
                self._followed.clear()
                self._choose_copies(found.why)
        assert self._copies is not None
        return self._copies.database(rows, inside=self._test is not None)

    def _decide(self) -> None:
        # While the server starts there is time.
        self._aside.submit(importlib.import_module, "pytest_prodparity.databases.delta.tracker")
        server = self._run.server
        self._decided = True
        if self._setting == "clone":
            self._choose_copies("as set")
        elif server.kind == "external" and (why := why_not(server)):
            self._choose_copies(why)

    def _choose_copies(self, why: str) -> None:
        if self._setting == "delta":
            raise ProdparityError(
                f'[tool.prodparity] isolation = "delta", and changes cannot be followed: {why}.',
                fix="remove what stands in the way, or leave the setting out: each test then has a copy",
            )
        self._copies, self._why = Copies(self, self._run.note), why

    def _forget(self) -> None:
        """The server was lost."""
        for followed in self._followed.values():
            followed.forget()
        if self._copies is not None:
            self._copies.forget()
        self._dropped.clear()

    def _move(self, *, always: bool = False) -> None:
        """Lead the wire to where it must lead now, and drop what nobody needs any more."""
        followed = self._followed.get(self._rows)
        stays = followed is not None and followed.database is not None and self._aim == self._rows
        if always or not stays:
            self._aim = self._rows
            self._wire.move(self._upstream)
        with self._lock:
            dropped, self._dropped = self._dropped, []
        for name in dropped:
            self._aside.submit(self._drop, name)

    def _drop(self, name: str) -> None:
        with suppress(psycopg.Error, ProdparityError):
            self._run.templates.drop(name)

    # --- as a workshop

    @property
    def server(self) -> Server:
        """The server of the tests."""
        return self._run.server

    def template(self, rows: Rows) -> str:
        """What a test with these `rows` begins as a copy of."""
        return self._run.template(dict(rows))

    def copy(self, name: str) -> str:
        """A copy of a database that nobody is connected to."""
        templates, path = self._run.templates, self._run.search_path
        try:
            made = templates.clone(name, search_path=path)
        except psycopg.errors.ObjectInUse:
            # Somebody went past the wire, and stayed.
            templates.end_sessions(name)
            made = templates.clone(name, search_path=path)
        self._run.entitle(made)
        return made

    def drop(self, name: str) -> None:
        """A copy goes, once the wire leads elsewhere."""
        self._dropped.append(name)

    # --- for the report, and the end

    def trip(self, trip: Trip) -> None:
        """As a tap of the wire: something was sent."""
        self._stirred = True
        if not self._written:
            self._written = any(each.tag is not None and not each.tag.startswith(QUESTIONS) for each in trip.statements)

    @property
    def shown(self) -> str | None:
        """`delta`, or `a copy per test (why)`; None where no database was needed."""
        if not self._decided:
            return None
        return "delta" if self._copies is None else f"a copy per test ({self._why})"

    def facts(self) -> dict[str, Any]:
        """What the report shows; what happened since the last call."""
        return {"isolation": self.shown, **self._told.take()}

    def close(self) -> None:
        """Stop following; the databases are dropped with the templates' connection. Never raises."""
        for followed in self._followed.values():
            followed.close()
        # A spare that waits for another's transaction ends with its database.
        self._aside.shutdown(wait=False, cancel_futures=True)


def _failed(cause: psycopg.Error) -> ProdparityError:
    return ProdparityError(f"The test's database could not be made: {str(cause).strip()}")


def _is_loss(cause: psycopg.Error) -> bool:
    """Of the server, or of the connection to it."""
    return isinstance(cause, psycopg.OperationalError) and (cause.sqlstate or "08").startswith(("08", "57P"))
