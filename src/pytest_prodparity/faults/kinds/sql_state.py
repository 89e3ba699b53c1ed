"""The server refuses a correct statement."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...core.errors import UsageError
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_connect, at_trip
from .sqlstates import CONNECT, DETAILS, FATAL, HINTS, message_of
from .statement import commits, controls

_CODE = re.compile(r"[0-9A-Z]{5}")
_AT_COMMIT = {"40001", "53100", "53200"}
"""A COMMIT waits for no lock and takes no time; serialisation and space are found wanting as late as there."""


@dataclass(frozen=True, slots=True)
class SqlState:
    """The server answers with this SQLSTATE, and its transaction is where such an error leaves it."""

    code: str
    trip: int | None = None

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code) or self.code[:2] in ("00", "01", "02"):
            raise UsageError(
                f"SqlState({self.code!r}): an error's SQLSTATE is five digits or capitals, and begins not with 00, 01 or 02.",
                fix='for instance SqlState("40001")',
            )

    @property
    def name(self) -> str:
        """The code itself."""
        return self.code

    @property
    def at(self) -> At:
        """53300 and 57P03 are answers to who connects."""
        return "connect" if self.code in CONNECT else "trip"

    def fits(self, asking: Asking | Opening) -> str | None:
        """Where the server's code can raise it."""
        if asking.protocol != "postgres":
            return f"{asking.protocol} has no SQLSTATE"
        if self.at == "connect":
            return at_connect(asking)
        if isinstance(asking, Opening):
            return at_trip(asking)
        if asking.state == "E":
            return "the transaction has failed already: whatever comes is answered with 25P02"
        if asking.begun and self.code not in FATAL:
            return "all of this pipeline's statements have been executed already"
        word = controls(asking)
        if word is not None and self.code not in FATAL:
            return f"{word} touches no row, so it cannot end in {self.code}"
        if commits(asking) and self.code not in FATAL and self.code not in _AT_COMMIT:
            return f"a COMMIT cannot end in {self.code}"
        return None

    def strike(self, line: Line) -> None:
        """What goes before the execution, such as a Parse, is done."""
        severity = "FATAL" if self.code in FATAL else "ERROR"
        line.fail(
            self.code,
            message_of(self.code),
            severity=severity,
            detail=DETAILS.get(self.code),
            hint=HINTS.get(self.code),
        )
