"""What a kind of fault is to those that choose and arm it."""

from __future__ import annotations

from typing import ClassVar, Literal, Protocol

from ..wire.gate import Asking, Opening
from ..wire.line import Line


class Kind(Protocol):
    """One way in which a round trip fails. `strike` runs in the connection's thread."""

    name: ClassVar[str] | str
    """In tokens and on the terminal."""
    at: ClassVar[Literal["connect", "trip"]]

    def fits(self, one: Asking | Opening) -> str | None:
        """None where the protocol's state allows it here; else why not."""

    def strike(self, line: Line) -> None:
        """Do it."""
