"""What one source says, and how a file's text becomes lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...core.errors import UsageError
from ..kinds import kind
from ..manifest import Manifest, Variable


@dataclass(frozen=True, kw_only=True)
class Found:
    """A part of the manifest, and what its reader must know."""

    manifest: Manifest
    notes: tuple[str, ...] = field(default_factory=tuple)


def variable(name: str, value: str | None, origin: str, *, required: bool = True) -> Variable:
    """The value tells the kind, and is forgotten."""
    return Variable(kind=kind(name, value), required=required, origin=(origin,))


def text_of(path: Path) -> str:
    """Raises UsageError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        reason = cause.strerror if isinstance(cause, OSError) else "it is not UTF-8 text"
        raise UsageError(f"{path} cannot be read: {reason}.", fix="name a file that can be read") from None


def joined(text: str, escape: str = "\\") -> Iterator[str]:
    """Logical lines: those that end in `escape` go on in the next; comments and empty lines between them are left out."""
    pending = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#") or (pending and not line.strip()):
            continue
        if line.rstrip().endswith(escape):
            pending += line.rstrip()[: -len(escape)] + " "
            continue
        yield pending + line
        pending = ""
    if pending:
        yield pending
