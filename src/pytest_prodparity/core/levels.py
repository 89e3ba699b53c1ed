"""How much of production a run brings in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from .errors import UsageError
from .suggest import closest


class Level(IntEnum):
    """Ordered: a test marked `level="staging"` runs at `staging` and `production`."""

    OFF = 0
    DEV = 1
    STAGING = 2
    PRODUCTION = 3

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: object) -> Level:
        """The level of that name; raises UsageError with the nearest name."""
        names = [level.name.lower() for level in cls]
        if isinstance(text, cls):
            return text
        if isinstance(text, str) and text in names:
            return cls[text.upper()]
        raise UsageError(
            f"level {text!r} does not exist{closest(str(text), names)}.",
            fix=f"use one of {', '.join(names)}",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Dials:
    """What one level turns on. Each can be set in `[tool.prodparity.levels.NAME]`."""

    twin: bool
    """Are statements judged by production's plans?"""


DIALS: dict[Level, Dials] = {
    Level.OFF: Dials(twin=False),
    Level.DEV: Dials(twin=True),
    Level.STAGING: Dials(twin=True),
    Level.PRODUCTION: Dials(twin=True),
}
