"""What every kind of fault has."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from ...wire.gate import Asking, Opening
from ...wire.line import Line

At = Literal["connect", "trip"]


@runtime_checkable
class Kind(Protocol):
    """A fault. `trip` is for use by hand: only the n-th trip of a block, from 1; None is each."""

    @property
    def name(self) -> str:
        """For tokens and `-v`."""

    @property
    def at(self) -> At:
        """What it strikes."""

    @property
    def trip(self) -> int | None:
        """Which one of a block."""

    def fits(self, asking: Asking | Opening) -> str | None:
        """None where it can happen here; else why the protocol's state does not allow it."""

    def strike(self, line: Line) -> None:
        """Let it happen."""


def at_trip(asking: Asking | Opening) -> str | None:
    """For kinds that strike trips."""
    return "it breaks a trip, and here a client only connects" if isinstance(asking, Opening) else None


def at_connect(asking: Asking | Opening) -> str | None:
    """For kinds that strike a client that connects."""
    return "the client is connected already" if isinstance(asking, Asking) else None
