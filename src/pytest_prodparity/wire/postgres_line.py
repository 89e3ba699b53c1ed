"""A PostgreSQL connection at the moment of a strike."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..core.errors import ProdparityError
from . import home, lexer, postgres
from .gate import Asking, Gate, Opening
from .line import GoneError, Line, UnfitError
from .upstream import Upstream

if TYPE_CHECKING:
    from .connection import Connection
    from .pending import Pending

_PORTAL = "prodparity fault"
_NO_SUCH_PORTAL = postgres.message(b"E", _PORTAL.encode() + b"\0\0\0\0\0") + postgres.message(b"S")
"""A statement of the protocol that fails in any state, and so puts a transaction where an error puts it."""
_COMMITS = {"COMMIT", "END"}
_CHUNK = 1 << 16
_READ_ONLY = "default_transaction_read_only"
_DURATION = re.compile(r"([0-9]+)(ms|s|min|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class PostgresLine(Line):
    """`request` is what of the trip has not been sent on; from `cut` on it executes something."""

    def __init__(
        self, asking: Asking | Opening, connection: Connection, *, pending: Pending | None = None,
        request: bytes = b"", cut: int = 0, clean: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(asking, connection.client, connection.wake, descriptor=connection.peer.descriptor)
        self._connection = connection
        self._pending = pending
        self._request = request
        self.request_size = len(request)
        self._cut = cut
        self._clean = clean
        """Nothing of the trip has been sent on: a Query of our own would undo what it has bound."""
        session = connection.session
        self._head, self._missing = session.half_said if session is not None else (b"", 0)
        """Of a message that the client has a part of: a server flushes its buffer wherever it is full."""
        self._buffer = self._head
        self.parted = False
        """The server's side is no longer this connection's."""

    def shut_port(self) -> None:
        """See Line."""
        self._connection.wire.refuse()

    @property
    def clients(self) -> int:
        """How many clients are logged in on this wire, besides this one."""
        others = self._connection.wire.connections
        return sum(1 for other in others if other.backend and other.number != self._connection.number)

    def forward(self) -> None:
        """Send the request on; at an opening, let the client log in."""
        if self.forwarded:
            return
        self.forwarded = True
        if self._pending is not None:
            self._send(self._request)

    def answer(self) -> Iterator[bytes]:
        """The answer in whole messages, up to ReadyForQuery. When the last part is had, the trip is on record."""
        self.forward()
        session = self._connection.session
        while session is not None and any(each is self._pending for each in session.trips):
            data = b"".join(raw for _, _, raw in self._messages())
            self._record(data)
            yield data

    def fail(
        self,
        sqlstate: str,
        message: str,
        *,
        severity: str = "ERROR",
        detail: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Answer with this error. What the trip parses and binds before it executes is done; a COMMIT is rolled back."""
        error = postgres.error(severity, sqlstate, message, detail=detail, hint=hint)
        if severity == "FATAL" or isinstance(self.asking, Opening):
            if severity != "FATAL":
                error = postgres.error("FATAL", sqlstate, message, detail=detail, hint=hint)
            self.drop_server()
            self.deliver(error)
            self.hang_up()
            return
        self.forwarded = True
        self._send(self._request[: self._cut] + _NO_SUCH_PORTAL)
        said = []
        state = b""
        while not state:
            for kind, body, raw in self._messages():
                if kind == b"Z":
                    state = body
                elif kind == b"E" and _is_ours(body):
                    said.append(error)
                else:
                    said.append(raw)
        if state != b"I" and self._commits():
            self.say("ROLLBACK")
            state = b"I"
        answer = b"".join(said) + postgres.message(b"Z", state)
        self._record(answer)
        self.deliver(answer)

    def _commits(self) -> bool:
        assert isinstance(self.asking, Asking)
        words = lexer.words(self.asking.statements[0], 2) if self.asking.statements else []
        return bool(words) and (words[0] in _COMMITS or words == ["PREPARE", "TRANSACTION"])

    def say(self, statement: str) -> str | None:
        """A Query of our own, in whatever transaction there is; the first value of its first row."""
        session = self._connection.session
        assert session is not None
        encoding = postgres.codec(session.parameters.get("client_encoding", "UTF8"))
        self._send(postgres.query(statement.encode(encoding, "replace")))
        value: str | None = None
        while True:
            for kind, body, raw in self._messages(ours=True):
                if kind == b"D" and value is None and int.from_bytes(body[:2], "big"):
                    size = int.from_bytes(body[2:6], "big", signed=True)
                    value = body[6 : 6 + size].decode(encoding, "replace") if size >= 0 else None
                elif kind == b"A":
                    self._record(raw)
                    self.deliver(raw)
                elif kind == b"Z":
                    return value

    def terminate(self) -> None:
        """`pg_terminate_backend`, from another session; what the server says before it leaves is the client's."""
        at = self._connection.home
        if at is None:
            raise GoneError("there is no server")
        _terminate(at.upstream, [at.pid])
        words = b""
        with contextlib.suppress(GoneError):
            while True:
                words += b"".join(raw for _, _, raw in self._messages())
        self.drop_server()
        self.deliver(words)
        self.hang_up()

    def terminate_others(self, which: Callable[[str], bool]) -> None:
        """`pg_terminate_backend` for all of them at once; each client gets the server's own last words."""
        at = self._connection.home
        others = self._connection.wire.connections
        pids = [one.backend for one in others if one.number != self._connection.number and which(one.state)]
        if at is not None and pids:
            _terminate(at.upstream, pids)

    def stand(self, gate: Gate) -> None:
        """As the wire's second gate."""
        self._connection.wire.standing = gate

    def read_only(self) -> None:
        """At an opening, of the session that begins."""
        connection = self._connection
        if isinstance(self.asking, Opening):
            connection.options.append(f"-c {_READ_ONLY}=on")
        elif self.asking.state != "I":
            raise UnfitError("a transaction is open")
        elif self._clean:
            self.say(f"SET {_READ_ONLY} = on")
        connection.keeper.cure = f"SET {_READ_ONLY} = off"

    @property
    def statement_timeout(self) -> float | None:
        """As this session has it set."""
        if isinstance(self.asking, Opening) or self.asking.state not in ("I", "T") or not self._clean:
            return None
        found = _DURATION.fullmatch(self.say("SHOW statement_timeout") or "")
        return float(found[1]) * _UNITS[found[2]] if found else None

    def drop_server(self) -> None:
        """End the session, and wait until its backend is gone."""
        at = self._part()
        if at is not None:
            home.end(at)

    def keep_server(self) -> None:
        """Leave the session as it stands until the wire is lifted."""
        at = self._part()
        if at is not None:
            self._connection.wire.keep(at)

    def _part(self) -> home.Home | None:
        if isinstance(self.asking, Asking):
            self.parted = True
        return self._connection.part()

    def finish(self) -> None:
        """Give the client what was read and not asked for."""
        data, self._buffer = self._buffer[len(self._head) :], b""
        if data:
            self._record(data)
            self.deliver(data)

    # The server's side

    def _record(self, data: bytes) -> None:
        connection = self._connection
        session = connection.session
        assert session is not None
        with connection.lock:
            done = session.server(data, len(data), time.monotonic())
        for trip in done:
            connection.wire.deliver(trip)

    def _server(self) -> socket.socket:
        at = self._connection.home
        if at is None:
            raise GoneError("the server's side is gone")
        return at.server

    def _send(self, data: bytes) -> None:
        def readable(server: socket.socket) -> None:
            self._buffer += server.recv(_CHUNK)

        self._connection.pump.push(data, readable)

    def _messages(self, *, ours: bool = False) -> list[tuple[bytes, bytes, bytes]]:
        """What the server has said, in whole messages: type, body, and the bytes for the client; at least one.

        `ours`: it answers a statement of our own, which is quick; that the faults are lifted does not end it.
        """
        found: list[tuple[bytes, bytes, bytes]] = []
        while not found:
            if self._missing:
                self._buffer = self._buffer or self._receive(ours)
                rest, self._buffer = self._buffer[: self._missing], self._buffer[self._missing :]
                self._missing -= len(rest)
                found.append((b"", b"", rest))
            at = 0
            buffer = self._buffer
            while not self._missing and len(buffer) - at >= 5:
                end = at + 1 + int.from_bytes(buffer[at + 1 : at + 5], "big")
                if end > len(buffer):
                    break
                found.append((buffer[at : at + 1], buffer[at + 5 : end], buffer[at + len(self._head) : end]))
                self._head = b""
                at = end
            self._buffer = buffer[at:]
            if not found:
                self._buffer += self._receive(ours)
        return found

    def _receive(self, ours: bool) -> bytes:
        server = self._server()
        poll = select.poll()
        poll.register(server, select.POLLIN)
        left = getattr(select, "POLLRDHUP", 0)
        with self._wake.listening() as bell:
            poll.register(bell, select.POLLIN)
            if not self.over:
                poll.register(self.client, left)
            ready: dict[int, int] = {}
            while not ready and (ours or not self.lifted):
                ready = dict(poll.poll())
                if ready.pop(bell.fileno(), 0):
                    bell.recv(1)
        if server.fileno() in ready:
            try:
                data = server.recv(_CHUNK)
            except OSError as cause:
                raise GoneError(*cause.args) from cause
            if data:
                return data
            raise GoneError("the server has left")
        if self.lifted:
            raise GoneError("lifted while the server worked")
        self.over = True
        raise GoneError("the client has left")


def _terminate(upstream: Upstream, pids: list[int]) -> None:
    try:
        each = ", ".join(f"pg_terminate_backend({pid})" for pid in pids)
        home.order(upstream, f"SELECT {each}")
    except ProdparityError as error:
        raise UnfitError(f"the server's session cannot be terminated: {error.happened}") from error


def _is_ours(body: bytes) -> bool:
    said = postgres.fields(body)
    return said.get("C") == "34000" and _PORTAL in said.get("M", "")
