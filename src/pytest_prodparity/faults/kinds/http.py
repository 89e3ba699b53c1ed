"""What the kinds of HTTP share."""

from __future__ import annotations

from ...wire.gate import Asking, Opening


def at_request(asking: Asking | Opening) -> str | None:
    """For kinds that strike an HTTP request."""
    if asking.protocol != "http":
        return f"it is a fault of HTTP, and this is {asking.protocol}"
    return "it breaks a request, and here a client only connects" if isinstance(asking, Opening) else None
