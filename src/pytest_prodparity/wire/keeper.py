"""Asks the wire's gate about one connection, before anything of it is sent on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from .gate import Asking, Gate, Opening
from .line import GoneError
from .postgres_line import PostgresLine
from .sender import Sender

if TYPE_CHECKING:
    from .connection import Connection
    from .gate import Strike
    from .pending import Pending
    from .session import Session

_Asked = TypeVar("_Asked", Asking, Opening)

_EXECUTES = frozenset(b"QEF")
_WHOLE = frozenset(b"QEFS")
"""Messages that are sent on only whole: a strike may take their place."""


class Keeper:
    """One connection's. `held` is the start of a message that waits for its end."""

    def __init__(self, connection: Connection) -> None:
        self.held = b""
        self.cure = ""
        """A statement that takes back what a fault did to the session."""
        self._connection = connection

    @property
    def busy(self) -> bool:
        """It has to see what the client sends, gate or none."""
        return bool(self.held or self.cure) or self._connection.wire.standing is not None

    def _gates(self) -> list[Gate]:
        wire = self._connection.wire
        return [gate for gate in (wire.gate, wire.standing) if gate is not None]

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
        fresh = bytes(connection.up.data(size)[:size])
        closed = self._read(session, fresh)
        data, self.held = self.held + fresh, b""
        if session.opaque:
            connection.push(data)
            return True
        base = session.sent_to - len(data)
        done = 0
        for pending in closed:
            end = max(pending.end - base, done)
            request = data[done:end]
            asks = bool(self.cure or self._gates())
            if not asks or pending.draft is not None or not pending.runs:
                session.sent([pending], self._sender())
                connection.push(request)
            elif not self._pass(session, pending, request, base + done):
                return False
            done = end
        begun, kind = session.begun
        kept = max(begun - base, done) if kind in _WHOLE else len(data)
        connection.push(data[done:kept])
        self.held = data[kept:]
        at = connection.home
        return not closed or at is None or connection.look(at, session)

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

    def _pass(self, session: Session, pending: Pending, request: bytes, start: int) -> bool:
        """Ask the gate about one trip, whose rest is `request` and begins at `start` of the client's stream."""
        connection = self._connection
        connection.struck = True
        # What went before is answered first: it decides in which state this one finds the server.
        connection.drain(pending)
        sender = self._sender()
        session.sent([pending], sender)
        assert pending.draft is not None
        asking = Asking(
            connection=connection.number, number=pending.draft.number,
            statements=tuple([run.sql for run in pending.runs]), state=session.state,
            source=sender.source, stack=sender.stack, actor=sender.actor, at=time.monotonic(),
        )  # fmt: skip
        cut = _executes(session, start, start + len(request)) - start
        line = PostgresLine(asking, connection, pending=pending, request=request, cut=cut)
        if self.cure and connection.wire.standing is None and session.state == "I":
            cure, self.cure = self.cure, ""
            line.say(cure)
        strike = self._asked([gate.asking for gate in self._gates()], asking)
        if strike is None:
            connection.push(request)
        elif not self._strike(strike, line):
            return False
        connection.struck = False
        return True

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


def _executes(session: Session, start: int, end: int) -> int:
    """Where in the client's stream, between two positions, something is executed for the first time: its message's start."""
    for kind, _, after, _, length in session.messages:
        at = after - length - 5
        if kind in _EXECUTES and start <= at < end:
            return at
    return end - 5  # the Sync
