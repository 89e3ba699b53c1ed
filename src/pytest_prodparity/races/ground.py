"""What all schedules of a crew have in common, and how one says that it does not come to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .actors import Loop
from .execution import Status, Waiting
from .stalls import Parks
from .watching import Watching

Backends = Callable[[], Mapping[int, int]]
"""The server's processes by connection."""


class Stopped(Exception):
    """The schedule does not come to its end."""

    def __init__(self, status: Status, waiting: Sequence[Waiting] = ()) -> None:
        super().__init__(status)
        self.status = status
        self.waiting = tuple(waiting)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all schedules of a crew have in common."""

    watching: Watching
    parks: Parks
    loop: Loop
    backends: Backends
    states: Callable[[], Mapping[int, str]]
    """Transaction states by connection."""
    logging_in: Callable[[], bool]
    database: str
    patience: float
    footprints: bool
    local: bool
    """The server's processes are this machine's."""
