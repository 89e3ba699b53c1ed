"""One direction of a connection, in bytes: read and sent without ever waiting."""

from __future__ import annotations

import select
import socket

_BUFFER = 1 << 18
_COPIED = 1 << 14
"""Up to this size a chunk is copied once, because bytes are cheaper to cut than a bytearray."""


class Way:
    """One direction: a buffer, and what of it the far end has not taken yet."""

    __slots__ = ("_buffer", "_view", "rest")

    def __init__(self) -> None:
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self.rest: memoryview | None = None

    def read(self, source: socket.socket) -> int:
        """How many bytes have come; 0 at the end, however it came, -1 when there are none yet."""
        try:
            return source.recv_into(self._buffer, 0, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return -1
        except OSError:
            return 0

    def holds(self, data: bytes) -> int:
        """As if `data` had been read."""
        self._buffer[: len(data)] = data
        return len(data)

    def data(self, size: int) -> bytes | bytearray:
        """What was read, for a parser: the first `size` bytes of it count."""
        return bytes(self._view[:size]) if size <= _COPIED else self._buffer

    def send(self, target: socket.socket, size: int = 0) -> None:
        """Send `size` bytes, or without a size the rest of them, as far as it goes without waiting."""
        rest = self._view[:size] if size else self.rest
        if rest:
            try:
                sent = target.send(rest, socket.MSG_DONTWAIT)
            except BlockingIOError:
                sent = 0
            except OSError:
                sent = len(rest)  # nobody takes it any more: the next read will say so
            self.rest = rest[sent:] if sent < len(rest) else None


def want(poll: select.poll, wanted: dict[int, int], end: socket.socket, mask: int) -> None:
    """Be told of these events of `end`; of none, not even its end, if the mask is empty."""
    number = end.fileno()
    if wanted.get(number, 0) != mask:
        wanted[number] = mask
        if mask:
            poll.register(number, mask)
        else:
            poll.unregister(number)
