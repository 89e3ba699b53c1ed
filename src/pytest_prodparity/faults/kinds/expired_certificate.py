"""Nobody has renewed the certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...relay.line import OpeningLine
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .kind import At, at_connect


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpiredCertificate:
    """Who connects is shown a certificate that has expired yesterday; without TLS nothing happens."""

    name: ClassVar[str] = "expired-certificate"
    at: ClassVar[At] = "connect"
    trip: int | None = None

    def fits(self, asking: Asking | Opening) -> str | None:
        """A client that connects to HTTP under TLS."""
        if asking.protocol != "https":
            return f"it is a fault of HTTP under TLS, and this is {asking.protocol}"
        return at_connect(asking)

    def strike(self, line: Line) -> None:
        """Before the handshake."""
        assert isinstance(line, OpeningLine)
        line.expire()
