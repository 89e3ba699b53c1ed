"""One direction of a connection: what is on its way to the far end, and when it is due there."""

from __future__ import annotations

from collections import deque

from .end import End

_MUCH = 8 << 20
"""So many bytes may be on their way; then the near end is not read."""
_PIECE = 4096
"""Under a bandwidth, bytes travel in pieces of this size."""


class Way:
    """A delay line: each chunk has a due time of its own, so that a delay does not limit how much can be on its way."""

    def __init__(self) -> None:
        self._queue: deque[tuple[float, bytes | None]] = deque()
        self._size = 0
        self._free = 0.0
        """When the line has carried what was sent before."""

    @property
    def full(self) -> bool:
        """Has enough been read?"""
        return self._size > _MUCH

    @property
    def empty(self) -> bool:
        """Has everything been taken?"""
        return not self._queue

    def send(self, data: bytes, now: float, delay: float, rate: float | None) -> None:
        """`delay` in seconds, `rate` in bytes a second."""
        if not rate:
            self._put(data, max(now + delay, self._free))
            return
        for at in range(0, len(data), _PIECE):
            piece = data[at : at + _PIECE]
            self._free = max(self._free, now + delay) + len(piece) / rate
            self._put(piece, self._free)

    def finish(self, now: float, delay: float) -> None:
        """After everything else, a goodbye."""
        self._queue.append((max(now + delay, self._free), None))

    def _put(self, data: bytes, due: float) -> None:
        if data:
            self._queue.append((due, data))
            self._size += len(data)

    def due(self, now: float) -> float | None:
        """In how many seconds something is due; 0 when it is, None when there is nothing."""
        return max(0.0, self._queue[0][0] - now) if self._queue else None

    def push(self, end: End, now: float) -> None:
        """Send what is due, as far as it goes."""
        queue = self._queue
        while queue and queue[0][0] <= now:
            due, data = queue[0]
            if data is None:
                end.goodbye()
                queue.popleft()
                continue
            sent = end.write(data)
            self._size -= sent
            if sent < len(data):
                queue[0] = (due, data[sent:])
                return
            queue.popleft()
