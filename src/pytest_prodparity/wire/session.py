"""One connection's conversation: messages of both directions become trips."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from . import lexer, postgres
from .memory import Memory, Prepared
from .pending import Pending, Portal, Run, TripDraft
from .sender import UNKNOWN, Sender
from .trip import Trip

_SHORT = 2_000
_REMEMBERED = 500
_COPY_DATA = frozenset(b"dcf")
_PARSE, _BIND, _DESCRIBE, _CLOSE, _EXECUTE = "1", "2", "T", "3", "C"


_tags: dict[bytes, str] = {}


def _forget(known: dict[bytes, Prepared], name: bytes, prepared: Prepared) -> None:
    if known.get(name) is prepared:
        del known[name]


def _restore(known: dict[bytes, Prepared], name: bytes, prepared: Prepared) -> None:
    known.setdefault(name, prepared)


class Session:
    """The state of one client's session, from its first ReadyForQuery on. Not thread-safe: its owner holds a lock."""

    def __init__(self, number: int, *, database: str, user: str, parameters: dict[str, str], backend: int) -> None:
        self.number = number
        self.database = database
        self.user = user
        self.backend = backend
        self.parameters = parameters
        """ParameterStatus: what the server last reported."""
        self.state = "I"
        self.memory = Memory()
        self.trips: deque[Pending] = deque()
        self.opaque = False
        """The bytes made no sense: they are passed on and no longer read."""
        self.delay = 0.0
        """Of the trips that come now: how long the wire held each of the two ways."""
        self.messages: list[postgres.Message] = []
        """What the client sent last."""
        self._out = postgres.from_client()
        self._in = postgres.from_server()
        self._out_before = 0
        self._in_before = 0
        self._numbers = itertools.count(1)
        self._portals: dict[bytes, Portal] = {}
        self._now = 0.0
        self._done: list[Trip] = []
        self._closed: list[Pending] = []
        self._codec = "utf-8"
        self._standard = True
        self._application = ""
        self._texts: dict[bytes, list[str]] = {}
        """Short simple queries and their statements: programs repeat themselves."""
        self._read_parameters()
        self._from_client: dict[int, Callable[[bytes, int], None]] = {
            ord("Q"): self._query, ord("P"): self._parse, ord("B"): self._bind, ord("D"): self._describe,
            ord("E"): self._execute, ord("C"): self._close, ord("S"): self._sync, ord("F"): self._function_call,
        }  # fmt: skip
        self._from_server: dict[int, Callable[[bytes], None]] = {
            ord("1"): self._parsed, ord("2"): self._bound, ord("3"): self._closed_one, ord("T"): self._described,
            ord("n"): self._described, ord("s"): self._suspended, ord("I"): self._empty,
            ord("E"): self._error, ord("G"): self._copies_in, ord("H"): self._copies_out, ord("S"): self._parameter,
        }  # fmt: skip

    @property
    def idle(self) -> bool:
        """Nothing is under way: another server session could take this one's place."""
        return self.state == "I" and not self.trips and self._out.whole and not self.opaque

    @property
    def begun(self) -> tuple[int, int]:
        """Position in the client's stream up to which messages are whole, and the type of the one begun there, 0 if unknown."""
        return self._out.begun

    @property
    def sent_to(self) -> int:
        """Position in the client's stream up to which it was read."""
        return self._out.position

    @property
    def half_said(self) -> tuple[bytes, int]:
        """Of a message of the server's whose end has not come: its header's start, or how many bytes are missing."""
        return self._in.half

    def rehomed(self, database: str, backend: int, changed: dict[str, str]) -> None:
        """The server's side is another one now, its login already behind it; `changed` is what it reports anew."""
        self.parameters.update(changed)
        self._read_parameters()
        self.database = database
        self.backend = backend
        self._in = postgres.from_server()
        self._in_before = 0
        self._portals.clear()

    # The client's side

    def client(self, data: bytes | bytearray, size: int, now: float) -> list[Pending]:
        """Take what the client sent; returns the trips that its Query or Sync closed."""
        if self.opaque:
            return []
        self._now = now
        self._closed = []
        try:
            self.messages = self._out.feed(data, size)
            self._read_client(self.messages)
        except Exception:  # noqa: BLE001  # whatever a faulty client sends must reach the server, which answers it
            self.opaque = True
        return self._closed

    def _read_client(self, messages: list[postgres.Message]) -> None:
        handlers, closed = self._from_client, self._closed
        for kind, body, end, _, length in messages:
            handler = handlers.get(kind)
            if handler is not None:
                handler(body, length)
                if closed and not closed[-1].end:
                    closed[-1].end = end
            elif kind in _COPY_DATA and self.trips and self.trips[0].closed:
                self.trips[0].end = end

    def _open(self) -> Pending:
        """The trip that the client is sending."""
        if self.trips and not self.trips[-1].closed:
            return self.trips[-1]
        trip = Pending(self._now)
        self.trips.append(trip)
        return trip

    def _shut(self, trip: Pending) -> None:
        trip.closed = True
        self._closed.append(trip)

    def _query(self, body: bytes, length: int) -> None:
        cut = length > len(body)
        texts = self._texts.get(body)
        if texts is None:
            sql = body.rstrip(b"\0").decode(self._codec, "replace")
            texts = ([sql] if cut else lexer.statements(sql, standard=self._standard)) or [sql]
            if length < _SHORT:
                if len(self._texts) >= _REMEMBERED:
                    self._texts.clear()
                self._texts[body] = texts
        trips = self.trips
        if trips and not trips[-1].closed:
            trip = trips[-1]
        else:
            trip = Pending(self._now)
            trips.append(trip)
        # asyncpg describes a table in the extended protocol and then, without a Sync, copies into it by a Query.
        trip.at = len(trip.runs)
        trip.simple = True
        for text in texts:
            trip.runs.append(Run(text, cut, False))
        trip.closed = True
        self._closed.append(trip)

    def _function_call(self, _body: bytes, _length: int) -> None:
        trip = self._open()
        trip.simple = True
        self._shut(trip)

    def _parse(self, body: bytes, length: int) -> None:
        name, text, types = postgres.parse(body)
        cut = length > len(body)
        trip = self._open()
        prepared = Prepared(sql=text.decode(self._codec, "replace"), types=types, message=b"" if cut else body, cut=cut)
        run = Run(prepared.sql, cut, True)
        trip.runs.append(run)
        trip.name(name, run)
        known = self.memory.prepared
        undo: Callable[[], None] | None = None
        # A name that exists will be refused; the unnamed one is replaced.
        if not trip.failed and (not name or name not in known):
            known[name] = prepared
            undo = partial(_forget, known, name, prepared)
        trip.wait(_PARSE, run, undo)

    def _bind(self, body: bytes, _length: int) -> None:
        trip = self._open()
        at = postgres.text(body)[1]
        prepared = self.memory.prepared.get(postgres.text(body, at)[0])
        portal, name, parameters = postgres.bind(body, prepared.types if prepared else ())
        run = (trip.named.pop(name, None) if trip.named else None) or self._run(trip, prepared)
        run.parameters = parameters
        self._portals[portal] = Portal(prepared, parameters, run, trip)
        trip.wait(_BIND, run)

    @staticmethod
    def _run(trip: Pending, prepared: Prepared | None) -> Run:
        run = Run(prepared.sql, prepared.cut, True) if prepared else Run("", True, True)
        trip.runs.append(run)
        return run

    def _describe(self, body: bytes, _length: int) -> None:
        trip = self._open()
        name = postgres.text(body, 1)[0]
        run: Run | None
        if body[:1] == b"S":
            run = trip.named.get(name) if trip.named else None
            if run is None:
                run = self._run(trip, self.memory.prepared.get(name))
                trip.name(name, run)
        else:
            portal = self._portals.get(name)
            run = portal.run if portal else None
        trip.wait(_DESCRIBE, run)

    def _execute(self, body: bytes, _length: int) -> None:
        trip = self._open()
        portal = self._portals.get(postgres.text(body)[0])
        if portal is None:
            run = self._run(trip, None)
        elif portal.trip is not trip or not portal.run.described_only:
            run = portal.run = self._run(trip, portal.prepared)
            run.parameters = portal.parameters
            portal.trip = trip
        else:
            run = portal.run
        run.described_only = False
        # A client that asks for some rows at a time streams, though few rows may all come with the first of them.
        run.suspended = run.suspended or body[-4:] != b"\0\0\0\0"
        trip.wait(_EXECUTE, run)

    def _close(self, body: bytes, _length: int) -> None:
        trip = self._open()
        name = postgres.text(body, 1)[0]
        undo: Callable[[], None] | None = None
        if body[:1] == b"P":
            self._portals.pop(name, None)
        elif not trip.failed:
            known = self.memory.prepared
            gone = known.pop(name, None)
            if gone is not None:
                undo = partial(_restore, known, name, gone)
        trip.wait(_CLOSE, None, undo)

    def _sync(self, _body: bytes, _length: int) -> None:
        self._shut(self._open())

    # The server's side

    def server(self, data: bytes | bytearray, size: int, now: float) -> list[Trip]:
        """Take what the server sent; returns the trips that it completes."""
        if self.opaque:
            return []
        self._now = now
        self._done = []
        try:
            self._read_server(self._in.feed(data, size))
        except Exception:  # noqa: BLE001  # as above
            self.opaque = True
            return self._done + self.broken(now)
        return self._done

    def _read_server(self, messages: list[postgres.Message]) -> None:
        handlers, trips = self._from_server, self.trips
        for kind, body, end, count, _ in messages:
            if kind == 68 or kind == 100:  # DataRow, CopyData
                run = trips[0].current() if trips else None
                if run is not None:
                    run.rows += count
            elif kind == 67:  # CommandComplete
                self._complete(body)
            elif kind == 90:  # ReadyForQuery
                self._ready(body, end)
            else:
                handler = handlers.get(kind)
                if handler is not None:
                    handler(body)

    def broken(self, now: float) -> list[Trip]:
        """The connection has ended: the trips that will never be complete."""
        self._now = now
        done = [self._trip(pending, "", 0, broken=True) for pending in self.trips]
        self.trips.clear()
        return done

    def _next(self, answer: str) -> Run | None:
        """Whose turn `answer` ends."""
        if not self.trips:
            return None
        trip = self.trips[0]
        if trip.awaited:
            return trip.awaited.popleft()[1] if trip.awaited[0][0] == answer else None
        if trip.simple and answer == _EXECUTE and trip.runs:
            at = trip.at
            trip.at = at + 1
            return trip.runs[at if at < len(trip.runs) else -1]
        return None

    def _parsed(self, _body: bytes) -> None:
        self._next(_PARSE)

    def _bound(self, _body: bytes) -> None:
        self._next(_BIND)

    def _closed_one(self, _body: bytes) -> None:
        self._next(_CLOSE)

    def _described(self, _body: bytes) -> None:
        self._next(_DESCRIBE)

    def _complete(self, body: bytes) -> None:
        run = self._next(_EXECUTE)
        if run is not None:
            tag = _tags.get(body)
            if tag is None:
                tag = body[:-1].decode("ascii", "replace")
                if len(_tags) < _REMEMBERED:
                    _tags[body] = tag
            run.tag = tag
            if self._in.textual:
                self._in.textual = False
                if tag.startswith("COPY "):
                    run.rows = int(tag[5:])
            self.memory.completed(tag, run.sql, run.parameters)

    def _suspended(self, _body: bytes) -> None:
        run = self._next(_EXECUTE)
        if run is not None:
            run.suspended = True

    def _empty(self, _body: bytes) -> None:
        run = self._next(_EXECUTE)
        if run is not None:
            run.tag = ""

    def _error(self, body: bytes) -> None:
        if not self.trips:
            return
        trip = self.trips[0]
        run = trip.current()
        if run is not None and run.sqlstate is None:
            said = postgres.fields(body)
            run.sqlstate = said.get("C")
            run.error = said.get("M")
        trip.failed = True
        self._in.textual = False
        # Everything up to the Sync is skipped by the server, so nothing of it has happened.
        for _, _, undo in reversed(trip.awaited or ()):
            if undo is not None:
                undo()
        trip.awaited = None

    def _copies_in(self, _body: bytes) -> None:
        """In copy-in mode the server throws a Sync away; the client sends another one after its data."""
        trip = self.trips[0] if self.trips else None
        if trip is None or trip.simple or not trip.closed:
            return
        trip.closed = False
        trip.end = 0
        if len(self.trips) > 1:
            following = self.trips[1]
            if not following.runs and following.closed:
                trip.closed, trip.end = True, following.end
                del self.trips[1]

    def _copies_out(self, body: bytes) -> None:
        self._in.textual = body[:1] == b"\0"

    def _parameter(self, body: bytes) -> None:
        name, at = postgres.text(body)
        self.parameters[name.decode("utf-8", "replace")] = postgres.text(body, at)[0].decode("utf-8", "replace")
        self._read_parameters()

    def _read_parameters(self) -> None:
        self._application = self.parameters.get("application_name", "")
        self._texts.clear()
        self._codec = postgres.codec(self.parameters.get("client_encoding", "UTF8"))
        self._standard = self.parameters.get("standard_conforming_strings", "on") != "off"

    def _ready(self, body: bytes, end: int) -> None:
        after = chr(body[0])
        trips = self.trips
        if trips and trips[0].closed:
            trip = trips.popleft()
            if after == "I":
                if not trips:
                    self._portals.clear()
                self.memory.settled(failed=trip.failed)
            self._done.append(self._trip(trip, after, end))
            self._out_before = trip.end
        self._in_before = end
        self.state = after

    def sent(self, closed: list[Pending], sender: Sender) -> None:
        """Who sent these trips. What is known of them is set down now, while the server works, and not when it has answered."""
        for pending in closed:
            if pending.draft is not None:  # a COPY that was closed before
                continue
            pending.draft = made = TripDraft()
            made.connection = self.number
            made.number = next(self._numbers)
            made.started = pending.started
            made.actor = sender.actor
            made.source = sender.source
            made.stack = sender.stack
            made.backend = self.backend
            made.database = self.database
            made.user = self.user
            made.application_name = self._application
            made.broken = False
            made.delay = self.delay

    def _trip(self, pending: Pending, after: str, end: int, *, broken: bool = False) -> Trip:
        if pending.draft is None:
            self.sent([pending], UNKNOWN)
        made: Any = pending.draft
        made.statements = tuple([run.statement() for run in pending.runs])
        made.ended = self._now
        made.bytes_out = max(0, (pending.end or self._out.position) - self._out_before)
        made.bytes_in = (end or self._in.position) - self._in_before
        made.before = self.state
        made.after = after
        if broken:
            made.broken = True
        made.__class__ = Trip
        return cast("Trip", made)
