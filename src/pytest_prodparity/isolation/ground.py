"""One database that is followed, from test to test, and the states that it comes back to."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg

from ..core.errors import ProdparityError
from ..databases.delta.frame import Undone
from ..databases.delta.prepare import Untrackable
from ..databases.delta.tracker import Tracker
from ..databases.provider import Server
from .copies import Rows, Workshop

PATIENCE = 5.0
"""Seconds to wait for the transactions of others, such as another worker's test, before a database can be followed."""
IMPATIENCE = 0.2
"""The same once that was in vain: the test has a copy to itself instead."""
LATER = 60.0
"""The same for a spare, while nobody waits for it."""


@dataclass
class Ground:
    """What a fresh copy is made of, and what was written on top of it."""

    source: str | None = None
    """A database; None: the template."""
    owner: object = None
    """Who wrote what the template has not."""
    why: str = ""
    """Why that could not be followed."""
    tracker: Tracker | None = None
    """Of the copy in use; where that was given up, closed, with what it knew."""
    owners: list[object] = field(default_factory=list)
    """Who wrote what `tracker` came to in each `enter`."""


class Followed:
    """A database, its tracker, and a spare of both once one was needed."""

    def __init__(self, workshop: Workshop, rows: Rows, aside: ThreadPoolExecutor) -> None:
        self.database: str | None = None
        """None until somebody asks, and after it was given up."""
        self.why: str | None = None
        """Why the database is not followed; it is given up at the end of the test."""
        self._workshop = workshop
        self._rows = rows
        self._aside = aside
        self._grounds = [Ground()]
        self._finished: list[object] = []
        self._spare: Future[tuple[str, Tracker]] | None = None
        self._patience = PATIENCE

    @property
    def tracker(self) -> Tracker | None:
        """Of the database in use."""
        return self._grounds[-1].tracker if self.database is not None and self.why is None else None

    @property
    def written(self) -> bool:
        """Was anything written outside tests?"""
        return len(self._grounds) > 1 or bool(self._grounds[0].owners)

    def open(self) -> str:
        """The database, made now where there is none. Raises Untrackable where the server can never be followed."""
        if self.database is None:
            ground = self._grounds[-1]
            name, tracker = self._taken() or self._made(ground)
            if tracker is None and ground.owners:
                self._workshop.drop(name)
                raise ProdparityError(f"What wider fixtures wrote cannot be brought to a fresh copy: {self.why}.")
            if tracker is not None:
                try:
                    if ground.tracker is not None:
                        tracker.follow(ground.tracker, len(ground.owners))
                except BaseException:
                    tracker.close()
                    self._workshop.drop(name)
                    raise
                ground.tracker, self.why = tracker, None
            self.database = name
        return self.database

    def undo(self, older: Collection[int] = (), *, written: bool = True) -> Undone:
        """Back to the start of the test; where that cannot be, the database is given up. `written`: as `Tracker.undo` has it."""
        tracker = self.tracker
        if tracker is not None:
            undone = tracker.undo(older=older, written=written)
        else:
            undone = Undone(done=False, reasons=(self.why or "",))
        if not undone:
            self._give_up()
            self._prepare_spare()
        return undone

    def wrote(self, owner: object, older: Collection[int] = ()) -> bool:
        """What was written since the last call is `owner`'s, and part of the start of each test until `finished`.

        None: of whoever wrote last. Must the wire move? Nobody else may be connected then.
        """
        tracker, ground = self.tracker, self._grounds[-1]
        if self.database is None or (tracker is None and self.why is None):
            return False
        self._finished = [one for one in self._finished if one is not owner]
        if owner is None:
            owner = ground.owners[-1] if ground.owners else ground.owner
        reasons: tuple[str, ...] = (self.why or "",)
        if tracker is not None:
            try:
                if not tracker.dirty():
                    return False
                reasons = tracker.enter(older=older)
            except ProdparityError as error:
                reasons = (error.happened,)
            if not reasons:
                ground.owners.append(owner)
                return False
            tracker.close()
        # A fresh copy could not be brought to this state: what there is becomes what copies are made of.
        self._forget_spare()
        self._grounds.append(Ground(source=self.database, owner=owner, why=reasons[0]))
        self.database = self.why = None
        return True

    def inherit(self, owner: object, older: Collection[int] = ()) -> bool:
        """What `owner` wrote last is the open test's: there still, and undone with it. Must the wire move?"""
        ground = self._grounds[-1]
        if ground.owners and ground.owners[-1] is owner:
            try:
                self.open()  # the last undo may have cost the database
                tracker = self.tracker
                undone = tracker.leave(older=older, keep=True) if tracker is not None else None
            except (ProdparityError, psycopg.Error):
                undone = None
            ground.owners.pop()
            if not undone:
                self._give_up()
            return not undone
        if ground.source is not None and ground.owner is owner:
            self._give_up()
            self._forget_spare()
            self._grounds.pop()
            self.database, self.why = ground.source, ground.why
            return True
        return False

    def finished(self, owner: object, older: Collection[int] = ()) -> list[str]:
        """What `owner` wrote goes. Why that cost the database; empty where it did not."""
        if any(owner is one for ground in self._grounds for one in (ground.owner, *ground.owners)):
            self._finished.append(owner)
        lost: list[str] = []
        while True:
            ground = self._grounds[-1]
            if ground.owners:
                if not self._is_finished(ground.owners[-1]):
                    return lost
                ground.owners.pop()
                tracker = self.tracker
                undone = tracker.leave(older=older) if tracker is not None else None
                if undone is not None and not undone:
                    lost += undone.reasons
                    self._give_up()
            elif ground.source is not None and self._is_finished(ground.owner):
                self._give_up()
                self._forget_spare()
                self._workshop.drop(ground.source)
                self._grounds.pop()
                lost.append("a fixture that changed the schema ended")
            else:
                return lost

    def forget(self) -> None:
        """The server was lost. What was written outside tests is written again on a new one, unless it was a schema."""
        self.database = self._spare = None
        del self._grounds[1:]

    def close(self) -> None:
        """Stop following. Never raises; the databases are left for whoever made them."""
        self._forget_spare()
        for ground in self._grounds:
            if ground.tracker is not None:
                ground.tracker.close()
        self.database = None

    def discard(self) -> None:
        """Close, and drop the database."""
        self._give_up()
        self.close()

    def _made(self, ground: Ground) -> tuple[str, Tracker | None]:
        name = self._workshop.copy(ground.source or self._workshop.template(self._rows))
        try:
            return name, _follow(self._workshop.server, name, ground, self._patience)
        except Untrackable as found:
            if found.passing:
                self.why, self._patience = found.why, IMPATIENCE
                return name, None
            self._workshop.drop(name)
            raise
        except BaseException:
            self._workshop.drop(name)
            raise

    def _give_up(self) -> None:
        name, self.database, self.why = self.database, None, None
        tracker = self._grounds[-1].tracker
        if tracker is not None:
            tracker.close()
        if name is not None:
            self._workshop.drop(name)

    def _prepare_spare(self) -> None:
        """Once a copy was needed, the next is made while tests run."""
        ground = self._grounds[-1]
        if self._spare is not None:
            return

        # Asked here: whoever waits for the spare holds the session's lock.
        server, source = self._workshop.server, ground.source or self._workshop.template(self._rows)

        def make() -> tuple[str, Tracker]:
            name = self._workshop.copy(source)
            try:
                return name, _follow(server, name, ground, LATER)
            except BaseException:
                self._workshop.drop(name)
                raise

        self._spare = self._aside.submit(make)

    def _taken(self) -> tuple[str, Tracker] | None:
        """The spare. A copy that is being made is waited for: it is there sooner than another."""
        spare = self._spare
        if spare is None:
            return None
        try:
            taken = None if spare.cancel() else spare.result(self._patience)
        except TimeoutError:
            self._patience = IMPATIENCE
            return None  # it is for another test
        except (ProdparityError, psycopg.Error):
            taken = None
        self._spare, self._patience = None, PATIENCE
        return taken

    def _forget_spare(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None and not spare.cancel():
            spare.add_done_callback(self._throw_away)

    def _throw_away(self, spare: Future[tuple[str, Tracker]]) -> None:
        with suppress(ProdparityError, psycopg.Error):
            name, tracker = spare.result()
            tracker.close()
            self._workshop.drop(name)

    def _is_finished(self, owner: object) -> bool:
        return any(owner is one for one in self._finished)


def _follow(server: Server, name: str, ground: Ground, patience: float) -> Tracker:
    # The template of a server of ours was prepared; what a fixture made of it was not.
    prepared = server.kind != "external" and ground.source is None
    return Tracker.open(server, name, like=ground.tracker, patience=patience, prepared=prepared)
