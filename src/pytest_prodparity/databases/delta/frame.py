"""The states that a tracker can come back to, and what came of coming back."""

from __future__ import annotations

from dataclasses import dataclass, field

from .decode import Net
from .fence import Leak
from .notice import Catalogue
from .sequences import Sequences, State
from .shape import Table


@dataclass(frozen=True, kw_only=True, slots=True)
class Undone:
    """What came of an undo. Where it is not `done`, the database must not be used any more: take a fresh clone."""

    done: bool
    reasons: tuple[str, ...] = ()
    """Why it could not be undone."""
    broken: bool = False
    """All was undone, and yet the state is not the one of the start: to be shown as an error."""
    rows: int = 0
    """Row changes that were taken back, before they were folded."""
    leaks: tuple[Leak, ...] = ()
    proven: bool = False
    """The stream was read again, and is empty now."""
    seconds: float = 0.0

    def __bool__(self) -> bool:
        return self.done


Reading = tuple[Sequences, dict[str, Table], Catalogue]
"""What is known of a database's schema."""


@dataclass
class Frame:
    """A state to come back to: where the log and the sequences stood, and what changed until an inner frame began.

    That stays where the inner frame was left with `keep`; `mark` is then where the log stood at its end.
    """

    mark: str
    sequences: State
    net: Net = field(default_factory=Net)
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What `delta` has read: an `undo` that finds the log where it stood then need not read it again."""

    frame: Frame
    position: str
    lines: list[str]
    notes: list[str]
