"""A connection whose round trips take longer: what comes waits in a line until it is due.

A line and no sleep per chunk, which would turn the delay into a limit on bandwidth. What is late on the way out is taken
off the way back, and the last moment before something is due is spent looking at the clock: a sleeper wakes up too late.
"""

from __future__ import annotations

import ctypes
import select
import socket
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from . import home
    from .connection import Connection

_CHUNK = 1 << 16
_MOST = 1 << 22
"""Bytes under way in one direction; more is not read."""
_WATCHED_S = 0.00008
_SLACK = 0.002
"""The kernel rounds a wait up by a thousandth of it, and by 5 thousandths for a niced process (select(2))."""
_PR_SET_TIMERSLACK = 29


class Delay(Protocol):
    """How long round trips take."""

    bytes_per_s: float | None

    def sample(self) -> float:
        """How much longer the next round trip takes, in seconds."""


def precise() -> None:
    """Let this thread's waits end on time; Linux would put them off by up to 50 us to save wake-ups."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)


class Delayed:
    """Passes one connection's bytes on, in the connection's thread, while there is a delay."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._ups: deque[tuple[float, bytes, float]] = deque()
        """When due, what, and which half of a round trip's delay it has waited for."""
        self._downs: deque[tuple[float, bytes]] = deque()
        self._up_bytes = self._down_bytes = 0
        self._free = [0.0, 0.0]
        """When each direction's line is free again."""
        self._half = 0.0
        self._late = 0.0
        """How late the last request was sent on."""
        precise()

    @property
    def active(self) -> bool:
        """There is a delay, or something still waits for its time."""
        return self._connection.wire.latency is not None or bool(self._ups or self._downs)

    @property
    def lagging(self) -> bool:
        """The client has something coming."""
        return bool(self._downs)

    def run(self) -> bool:
        """Until there is no delay any more and nothing waits; False when the connection is over."""
        while self.active:
            if not self._turn():
                self.flush()
                return False
        session = self._connection.session
        if session is not None:
            session.delay = 0.0
        return True

    def flush(self) -> None:
        """Deliver what the client has coming, each when it is due."""
        connection = self._connection
        while self._downs:
            _until(self._downs[0][0])
            while connection.down.rest:
                _ready([], [connection.client], None)
                connection.down.send(connection.client)
            self._deliver()

    def put(self, data: bytes) -> None:
        """The server has said this."""
        arrived = time.perf_counter() - self._late
        due = self._due(1, arrived, len(data), self._half)
        self._downs.append((due, data))
        self._down_bytes += len(data)

    def _due(self, way: int, arrived: float, size: int, half: float) -> float:
        latency = self._connection.wire.latency
        rate = latency.bytes_per_s if latency is not None else None
        begins = max(arrived, self._free[way] - half)
        due = max(begins + (size / rate if rate else 0.0) + half, self._free[way])
        self._free[way] = due
        return due

    def _turn(self) -> bool:
        connection = self._connection
        at = connection.arrive()
        now = time.perf_counter()
        if self._downs and self._downs[0][0] <= now and not connection.down.rest:
            self._deliver()
            return True
        if self._ups and self._ups[0][0] <= now and not connection.up.rest:
            due, data, half = self._ups.popleft()
            self._up_bytes -= len(data)
            self._late, self._half = now - due, half
            assert connection.session is not None
            connection.session.delay = half
            return connection.pass_on(connection.up.holds(data))
        return self._wait(at, now)

    def _deliver(self) -> None:
        _, data = self._downs.popleft()
        self._down_bytes -= len(data)
        down = self._connection.down
        down.send(self._connection.client, down.holds(data))

    def _wait(self, at: home.Home | None, now: float) -> bool:
        connection = self._connection
        up, down, client = connection.up, connection.down, connection.client
        dues = [line[0][0] for line, rest in ((self._ups, up.rest), (self._downs, down.rest)) if line and not rest]
        reads: list[socket.socket] = [client] if self._up_bytes < _MOST else []
        writes: list[socket.socket] = [client] if down.rest else []
        if at is not None:
            reads += [at.server] if not down.rest and self._down_bytes < _MOST else []
            writes += [at.server] if up.rest else []
        rest = min(dues) - now if dues else None
        if rest is not None and rest < _WATCHED_S:
            _until(now + rest)
            return True
        readable, writable = _ready(reads, writes, None if rest is None else rest * (1 - _SLACK) - _WATCHED_S)
        if at is not None and at.server in writable:
            up.send(at.server)
        if client in writable:
            down.send(client)
        if at is not None and at.server in readable and not connection.take(at, down.read(at.server)):
            return False
        return client not in readable or self._read(client)

    def _read(self, client: socket.socket) -> bool:
        try:
            data = client.recv(_CHUNK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if data:
            latency = self._connection.wire.latency
            half = latency.sample() / 2 if latency is not None else 0.0
            due = self._due(0, time.perf_counter(), len(data), half)
            self._ups.append((due, data, half))
            self._up_bytes += len(data)
        return bool(data)


def _until(due: float) -> None:
    rest = due - time.perf_counter()
    if rest > _WATCHED_S:
        time.sleep(rest - _WATCHED_S)
    while time.perf_counter() < due:
        pass


def _ready(
    reads: list[socket.socket], writes: list[socket.socket], seconds: float | None
) -> tuple[list[socket.socket], list[socket.socket]]:
    """As `select.select`, whose timeout is exact to the microsecond, but for descriptors of any number."""
    timeout = None if seconds is None else max(0.0, seconds)
    try:
        readable, writable, _ = select.select(reads, writes, [], timeout)
    except ValueError:  # a descriptor above 1023
        poll = select.poll()
        for end in {*reads, *writes}:
            poll.register(end, (select.POLLIN if end in reads else 0) | (select.POLLOUT if end in writes else 0))
        ready = dict(poll.poll(None if timeout is None else int(timeout * 1000)))
        return (
            [end for end in reads if ready.get(end.fileno(), 0) & ~select.POLLOUT],
            [end for end in writes if ready.get(end.fileno(), 0) & ~select.POLLIN],
        )
    return readable, writable
