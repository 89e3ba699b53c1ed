"""Asks the wire's gate about one connection, before anything of it is sent on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from .gate import Asking, Gate, Guard, Opening
from .line import GoneError
from .postgres_line import PostgresLine
from .sender import UNKNOWN, Sender

if TYPE_CHECKING:
    from .connection import Connection
    from .gate import Strike
    from .pending import Pending
    from .session import Session

_Asked = TypeVar("_Asked", Asking, Opening)

_EXECUTES = frozenset(b"QEF")
_WHOLE = frozenset(b"QEFS")
"""Messages that are sent on only whole: a strike may take their place."""
_TRIP = frozenset(b"PBDECHQFS")
_ENDS = frozenset(b"QFS")
_FLUSH = ord("H")
_TERMINATE = ord("X")
_WAITS = 1 << 22
"""So many bytes of a trip are held back until it is complete."""


class Keeper:
    """One connection's. `held` is the start of a message that waits for its end."""

    def __init__(self, connection: Connection) -> None:
        self.held = b""
        self._start: int | None = None
        """Where the trip that is not complete begins."""
        self._marks: list[int] = []
        """Where in the client's stream something is executed that has not been sent on."""
        self._flushed = 0
        """Up to where the client wants its answers though the trip is not complete."""
        self._begun = False
        """A part of the trip that is not complete has been executed."""
        self.cure = ""
        """A statement that takes back what a fault did to the session."""
        self._connection = connection

    def _gates(self) -> list[Gate]:
        wire = self._connection.wire
        return [gate for gate in (wire.gate, wire.standing) if gate is not None]

    def _guard(self) -> Guard | None:
        gate = self._connection.wire.gate
        return cast("Guard", gate) if hasattr(gate, "flushing") else None

    def opens(self) -> bool:
        """A client wants to connect; False when a strike has ended that."""
        connection = self._connection
        if not self._gates():
            return True
        opener = connection.opener
        opening = Opening(
            connection=connection.number, source=opener.source, stack=opener.stack, actor=opener.actor,
            at=time.monotonic(),
        )  # fmt: skip
        connection.struck = True
        strike = self._asked([gate.opening for gate in self._gates()], opening)
        if strike is not None:
            line = PostgresLine(opening, connection)
            if not self._strike(strike, line):
                return False
        connection.struck = False
        return True

    def ask(self, size: int) -> bool:
        """Client to server: pass on what was read, trip by trip. False when the connection is over."""
        connection, session = self._connection, self._connection.session
        assert session is not None
        if not session.trips or session.trips[-1].closed:
            # Whatever was noted of the last one: its end may have passed while there was no gate.
            self._start, self._begun = None, False
            self._marks.clear()
        fresh = bytes(connection.up.data(size)[:size])
        closed = self._read(session, fresh)
        data, self.held = self.held + fresh, b""
        if session.opaque:
            connection.pump.push(data)
            return True
        base = session.sent_to - len(data)
        done = 0
        for pending, began in zip(closed, self._mark(session), strict=False):
            at = max(began - base, done)
            end = max(pending.end - base, at)
            connection.pump.push(data[done:at])
            request = data[at:end]
            asks = bool(self.cure or self._gates())
            if not asks or pending.draft is not None or not pending.runs:
                session.sent([pending], self._sender())
                connection.pump.push(request)
            elif not self._pass(session, pending, request, base + at, clean=began >= base):
                return False
            self._marks = [mark for mark in self._marks if mark >= base + end]
            self._begun = False
            done = end
        kept = max(self._kept(session, base + len(data)) - base, done)
        if self._start is not None and self._flushed > base + done and self._guard() is not None:
            if not self._part(session, data[done:kept], base + kept):
                return False
            done = kept
        if any(kind == _TERMINATE for kind, *_ in session.messages) and not self.leave():
            return False
        if self._marks and self._marks[0] < base + kept:
            self._begun = True
            self._marks.clear()
        connection.pump.push(data[done:kept])
        self.held = data[kept:]
        now = connection.home
        return not closed or now is None or connection.look(now, session)

    def _mark(self, session: Session) -> list[int]:
        """Note where in the client's stream something is executed; returns where the trips began that are complete."""
        began = []
        for kind, _, end, _, length in session.messages:
            if kind not in _TRIP:
                continue
            at = end - length - 5
            if self._start is None:
                self._start = at
            if kind in _EXECUTES:
                self._marks.append(at)
            elif kind == _FLUSH:
                self._flushed = end
            if kind in _ENDS:
                began.append(self._start)
                self._start = None
        return began

    def _kept(self, session: Session, end: int) -> int:
        """From where on the stream waits: a trip, or a message, that is not complete begins there."""
        begun, kind = session.begun
        kept = begun if kind in _WHOLE else end
        if self._start is None:
            return kept
        start = max(self._start, self._flushed) if self._guard() is not None else self._start
        waits = (self._flushed < self._start or start != self._start) and end - start <= _WAITS
        return min(kept, start) if waits else kept

    def _read(self, session: Session, data: bytes) -> list[Pending]:
        connection = self._connection
        while True:
            if connection.home is None:
                connection.go_home(session)
            with connection.lock:
                if connection.home is not None:
                    return session.client(data, len(data), time.monotonic())

    def _sender(self) -> Sender:
        return self._connection.wire.senders.find(self._connection.peer)

    def _pass(self, session: Session, pending: Pending, request: bytes, start: int, *, clean: bool) -> bool:
        """Ask the gate about one trip, whose rest is `request` and begins at `start` of the client's stream."""
        connection = self._connection
        connection.struck = True
        # What went before is answered first: it decides in which state this one finds the server.
        connection.pump.drain(pending)
        sender = self._sender()
        session.sent([pending], sender)
        assert pending.draft is not None
        end = start + len(request)
        asking = Asking(
            connection=connection.number, number=pending.draft.number,
            statements=tuple([run.sql for run in pending.runs]), state=session.state,
            source=sender.source, stack=sender.stack, actor=sender.actor, at=time.monotonic(),
            begun=self._begun and not any(start <= mark < end for mark in self._marks),
            executes=self._begun or any(start <= mark < end for mark in self._marks),
        )  # fmt: skip
        # A trip in which nothing is executed, or not any more, ends in a Sync.
        cut = next((mark for mark in self._marks if start <= mark < end), end - 5) - start
        line = PostgresLine(asking, connection, pending=pending, request=request, cut=cut, clean=clean)
        if self.cure and connection.wire.standing is None and clean and session.state == "I":
            cure, self.cure = self.cure, ""
            line.say(cure)
        strike = self._asked([gate.asking for gate in self._gates()], asking)
        if strike is None:
            connection.pump.push(request)
        elif not self._strike(strike, line):
            return False
        connection.struck = False
        return True

    def _part(self, session: Session, request: bytes, end: int) -> bool:
        """Ask the guard about a part of a trip to which the client wants answers."""
        connection, guard = self._connection, self._guard()
        pending = session.trips[-1] if session.trips else None
        if guard is None or pending is None or pending.closed or not pending.runs:
            connection.pump.push(request)  # a Flush after the Sync
            return True
        connection.struck = True
        connection.pump.drain(pending)
        sender = self._sender()
        asking = Asking(
            connection=connection.number, number=0, statements=tuple([run.sql for run in pending.runs]),
            state=session.state, source=sender.source, stack=sender.stack, actor=sender.actor, at=time.monotonic(),
            executes=any(mark < end for mark in self._marks),
        )  # fmt: skip
        line = PostgresLine(asking, connection, pending=pending, request=request, cut=len(request), clean=False)
        strike = self._asked([guard.flushing], asking)
        if strike is None:
            connection.pump.push(request)
        elif not self._strike(strike, line):
            return False
        connection.struck = False
        return True

    def leave(self) -> bool:
        """The client goes; False when the server's side has been ended here."""
        connection, guard = self._connection, self._guard()
        session = connection.session
        if guard is None or session is None or session.state not in ("T", "E") or session.trips or connection.ending:
            return True
        asking = Asking(
            connection=connection.number, number=0, statements=(), state=session.state, source=None, stack=(),
            actor=UNKNOWN.actor, at=time.monotonic(),
        )  # fmt: skip
        strike = self._asked([guard.leaving], asking)
        return strike is None or self._strike(strike, PostgresLine(asking, connection))

    def _asked(self, asks: list[Callable[[_Asked], Strike | None]], about: _Asked) -> Strike | None:
        wire = self._connection.wire
        for ask in asks:
            try:
                strike = ask(about)
            except Exception as error:  # noqa: BLE001  # as with a tap: the client's call goes on
                wire.failure = wire.failure or error
            else:
                if strike is not None:
                    return strike
        return None

    def _strike(self, strike: Strike, line: PostgresLine) -> bool:
        """Whether the connection goes on."""
        connection = self._connection
        try:
            strike(line)
            if line.over or line.parted:
                return False
            if not line.answered:
                line.forward()
            line.finish()
        except GoneError:
            return False
        except Exception as error:  # noqa: BLE001  # the client must not wait for ever
            connection.wire.failure = connection.wire.failure or error
            return False
        return True
