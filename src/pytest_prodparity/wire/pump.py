"""Sends a request whole, and passes on what the server says meanwhile."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from .line import GoneError

if TYPE_CHECKING:
    from . import home
    from .connection import Connection
    from .pending import Pending


class Pump:
    """One connection's, in its own thread, where single trips are dealt with."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def push(self, data: bytes, readable: Callable[[socket.socket], None] | None = None) -> None:
        """Send all of it to the server; what the server says meanwhile goes to the client, or to `readable`."""
        connection = self._connection
        at = connection.home
        view = memoryview(data)
        while view:
            if at is None or connection.home is not at:
                raise GoneError("the server's side is gone")
            try:
                view = view[at.server.send(view, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                self._attend(at, select.POLLOUT, readable)
            except OSError:
                return  # the server's last words are still to be read

    def drain(self, until: Pending) -> None:
        """Pass on what the server answers to the trips before this one."""
        connection, session = self._connection, self._connection.session
        assert session is not None
        while True:
            at = connection.home
            if at is None:
                raise GoneError("the server's side is gone")
            if connection.down.rest or (session.trips and session.trips[0] is not until):
                self._attend(at, 0, None)
            elif connection.delayed is not None and connection.delayed.lagging:
                connection.delayed.flush()
            else:
                return

    def _attend(self, at: home.Home, mask: int, readable: Callable[[socket.socket], None] | None) -> None:
        connection, poll = self._connection, select.poll()
        down = connection.down
        poll.register(at.server, mask | (0 if down.rest else select.POLLIN))
        if down.rest:
            poll.register(connection.client, select.POLLOUT)
        ready = dict(poll.poll())
        if connection.client.fileno() in ready:
            down.send(connection.client)
        if not down.rest and ready.get(at.server.fileno(), 0) & ~select.POLLOUT:
            if readable is not None:
                readable(at.server)
            elif not connection.take(at, down.read(at.server)):
                raise GoneError("the server has left")
