"""One exchange with a service: a request and its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ..core.findings import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceTrip:
    """One exchange over plain TCP: what the client sent after the service had spoken, and the start of the answer.

    Times are `time.monotonic()` seconds, without the delay that the proxy adds.
    """

    connection: int
    number: int
    """On its connection, from 1."""
    service: str
    """`host:port`, or the path of a Unix socket."""
    statements: tuple[str, ...]
    """Names: `("POST /charge",)`; commands of Redis; `("bytes",)` where there is none."""
    started: float
    ended: float
    bytes_out: int
    """Client to service."""
    bytes_in: int
    """Of plain TCP the first chunk only."""
    actor: str = ""
    source: Source | None = None
    stack: tuple[str, ...] = field(default=(), repr=False)
    struck: bool = False
    """A gate had a strike for it."""
    applied: bool = True
    """The whole request was passed on to the service."""
    broken: bool = False
    """Without a strike, the connection ended before the answer was complete."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpTrip(ServiceTrip):
    """One HTTP request and its answer."""

    method: str
    path: str
    """Without the query, in which there may be secrets."""
    status: int = 0
    """The service's own; 0 where it did not answer."""
    digest: str = ""
    """Of the request's body: SHA-256, 16 hexadecimal digits."""
    idempotency_key: str = ""
    """Digest of that field's value; empty where it was not sent."""


class ServiceTap(Protocol):
    """Called by the connection's own thread; must be quick and must not raise."""

    def trip(self, trip: ServiceTrip) -> None:
        """One exchange is complete; what completes it has not been passed on yet."""
