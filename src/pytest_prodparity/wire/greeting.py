"""A client's start: until it is logged in, at the server that it did not know of."""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING

from ..core.errors import ProdparityError
from . import home, postgres, tls
from .session import Session

if TYPE_CHECKING:
    from .connection import Connection

_LONGEST_START = 10_000
"""PostgreSQL's own limit for a start-up message."""
_ASKS_BACK = frozenset((3, 5, 7, 8, 9, 10, 11))
"""Authentication requests that the client answers."""


class Greeting:
    """One connection's, in its own thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def greet(self) -> bool:
        """Read start-up packets until one asks for a session; log it in."""
        connection = self._connection
        self._lag()  # TCP's own handshake
        while True:
            length, code = struct.unpack(">II", self._exactly(8))
            if not 8 <= length <= _LONGEST_START:
                connection.refuse("these bytes are not PostgreSQL's protocol; this port is a database's", "08P01")
                return False
            if code in (postgres.SSL_REQUEST, postgres.GSSENC_REQUEST):
                self._lag()
                connection.client.sendall(b"N")
                continue
            body = self._exactly(length - 8)
            if code == postgres.CANCEL_REQUEST:
                connection.wire.cancel(body)
                return False
            if code >> 16 != 3:
                connection.refuse(f"protocol {code >> 16}.{code & 0xFFFF} is not supported, only 3", "0A000")
                return False
            connection.asked, connection.protocol = postgres.startup_parameters(body), code
            connection.opener = connection.wire.senders.find(connection.peer)
            try:
                return connection.keeper.opens() and self._log_in()
            finally:
                connection.logged_in.set()

    def _exactly(self, count: int) -> bytes:
        connection = self._connection
        data = b""
        while len(data) < count:
            more = connection.client.recv(count - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data

    def _upstream(self) -> home.Home | None:
        """A fresh connection to the server, not logged in; None when the client has been told why there is none."""
        connection = self._connection
        try:
            connection.generation, upstream = connection.wire.resolve()
            return home.Home(upstream=upstream, server=home.connect(upstream))
        except ProdparityError as error:
            connection.tell(error)
            return None

    def _log_in(self) -> bool:
        """Pass the login on between client and server, who know the password; keep what the server says of itself."""
        connection = self._connection
        found = self._upstream()
        if found is None:
            return False
        connection.home = found
        reader = home.Reader(found.server)
        asked = {**connection.asked, "database": found.upstream.database}
        if connection.options:
            asked["options"] = " ".join([*filter(None, [asked.get("options")]), *connection.options])
        found.server.sendall(postgres.startup(connection.protocol, asked))
        said = b""
        while True:
            kind, body = reader.message()
            found.note(kind, body)
            request = int.from_bytes(body[:4], "big") if kind == b"R" else 0
            if request == 10 and isinstance(found.server, tls.Tls):
                # Binding the login to a TLS channel cannot work: the client's side has none.
                body = body.replace(b"SCRAM-SHA-256-PLUS\0", b"")
            if kind == b"K":
                connection.key = body
            said += postgres.message(kind, body)
            if kind == b"Z":
                break
            if kind == b"E" or request in _ASKS_BACK:
                self._lag()
                connection.client.sendall(said)
                said = b""
                if kind == b"E":
                    return False
                head = self._exactly(5)
                found.server.sendall(head + self._exactly(min(postgres.HEADER.unpack(head)[1] - 4, postgres.KEPT)))
        found.rest = reader.rest
        with connection.lock:
            connection.session = Session(
                connection.number, database=found.upstream.database, user=connection.asked.get("user", ""),
                parameters=found.parameters, backend=found.pid,
            )  # fmt: skip
            if connection.wire.generation == connection.generation and not connection.ending:
                connection.home = found
                connection.homes.append(found)
            else:
                # Moved meanwhile: the client, which is none the wiser, follows at its first message.
                connection.home = None
                found.server.close()
        self._lag()
        connection.client.sendall(said)
        return True

    def _lag(self) -> None:
        """One round trip of a login, in which nothing else happens on the connection."""
        connection = self._connection
        latency = connection.wire.latency
        if latency is not None:
            time.sleep(latency.sample())
