"""Rate limits: who is told to wait has to wait."""

from __future__ import annotations

from ..clock import Clock
from ..exchange import Response
from ..issuing import moment
from ..parts import header

_TOLERANCE = 0.05


class Rates:
    """What each endpoint was last told to wait for (RFC 6585, RFC 9110 Retry-After)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, tuple[float, Response]] = {}

    def told(self, endpoint: str, response: Response, at: float | None) -> None:
        """Remember a 429; one without Retry-After says nothing that could be ignored."""
        if response.status != 429:
            return
        seconds = waiting_time(response, at)
        if seconds is not None:
            self._until[endpoint] = (self._clock.now() + seconds, response)

    def early(self, endpoint: str) -> tuple[float, Response] | None:
        """How many seconds too early the endpoint is asked, and what it said. None where the wait is over."""
        until, response = self._until.get(endpoint, (0.0, None))
        if response is None:
            return None
        left = until - self._clock.now()
        if left <= _TOLERANCE or not self._clock.waits_are_real:
            del self._until[endpoint]
            return None
        return left, response


def waiting_time(response: Response, at: float | None) -> float | None:
    """Retry-After in seconds; a date counts from `at`."""
    text = header(response.headers, "retry-after")
    if text is None:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        until = moment(text)
        return None if until is None or at is None else max(0.0, until - at)
