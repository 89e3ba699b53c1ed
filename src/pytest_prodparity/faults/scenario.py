"""One run of a test under one fault: which fault, at which trip, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..wire.gate import Asking, Opening
from .identity import Identity
from .kinds.kind import Kind

WINDOW_S = 1.0
"""How long a fault lasts that passes by itself."""


class Shape(Enum):
    """How long a fault lasts."""

    ONCE = "once"
    WINDOW = "window"
    PERSISTENT = "persistent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """A fault at the trip that `identity` names."""

    identity: Identity
    kind: Kind
    shape: Shape = Shape.ONCE
    also: Kind | None = None
    """What happens to new connections while the fault lasts."""
    seconds: float = WINDOW_S

    @property
    def token(self) -> str:
        """What `--parity-replay` takes."""
        last = "" if self.shape is Shape.ONCE else f":{self.shape.value}"
        return f"{self.identity.token}:{self.kind.name}{last}"

    def kind_for(self, one: Asking | Opening) -> Kind | None:
        """What strikes a later one while the fault lasts."""
        if isinstance(one, Opening):
            return self.kind if self.kind.at == "connect" else self.also
        return self.kind if self.kind.at == "trip" else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """A token, read."""

    trip: str
    kind: str
    shape: Shape

    @classmethod
    def parse(cls, token: str) -> Replay:
        """Of one that the settings have checked."""
        trip, kind, *last = token.split(":")
        return cls(trip=trip, kind=kind, shape=Shape(last[0]) if last else Shape.ONCE)
