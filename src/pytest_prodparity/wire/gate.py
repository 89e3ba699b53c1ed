"""The protocol by which somebody breaks what passes a proxy: it is asked before anything is sent on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ..core.findings import Source

if TYPE_CHECKING:
    from .line import Line

Strike = Callable[["Line"], None]
"""What is done to one connection."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """A trip that is about to be sent on."""

    protocol: str = "postgres"
    """`http` and `tcp` come from the other proxies."""
    connection: int
    """Number of the connection."""
    number: int
    """Number of the trip in its connection."""
    statements: tuple[str, ...]
    """Texts, in order; of HTTP the request line's start, such as `POST /charge`."""
    state: str
    """Transaction state before: `I`, `T`, `E`; empty where there is none."""
    source: Source | None
    stack: tuple[str, ...]
    """As of a Trip: `path:line function`, innermost first."""
    actor: str
    at: float
    """`time.monotonic()`."""
    begun: bool = False
    """All that it executes has been sent on before: the client wanted answers, or it was too long to be held."""
    executes: bool = True
    """False where it only parses, describes or closes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """A client that wants to connect (PostgreSQL: its start-up packet has come)."""

    protocol: str = "postgres"
    connection: int
    source: Source | None
    stack: tuple[str, ...]
    actor: str
    at: float


class Gate(Protocol):
    """Asked by the proxy's threads, of several connections at once; must be quick. None: nothing happens to it.

    A strike runs in the connection's thread. What it neither sends on, nor answers, nor ends is sent on after it.
    """

    def opening(self, opening: Opening) -> Strike | None:
        """Somebody wants to connect."""

    def asking(self, asking: Asking) -> Strike | None:
        """A trip is complete, and its last bytes are not sent on yet."""


class Guard(Gate, Protocol):
    """A gate that lets nothing of the actors pass unasked; the wire asks it this only where it has these methods."""

    def flushing(self, asking: Asking) -> Strike | None:
        """A part of a trip is to be sent on, since the client wants answers to it; `number` is 0."""

    def leaving(self, asking: Asking) -> Strike | None:
        """A client goes in the middle of a transaction, which ends with its session; nobody waits, so `actor` is empty."""
