"""A page where data is expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ...relay.line import http
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .http import at_request
from .kind import At

_PAGE = b"""<!doctype html>
<html><head><title>Sign in</title></head><body><h1>Please sign in to continue</h1></body></html>
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Html:
    """200 and a page, as a login, a maintenance page or a captive portal answers. The service hears nothing of it."""

    name: ClassVar[str] = "html"
    at: ClassVar[At] = "trip"
    trip: int | None = None

    def fits(self, asking: Asking | Opening) -> str | None:
        """Any request."""
        return at_request(asking)

    def strike(self, line: Line) -> None:
        """It looks like a success."""
        http(line).respond(200, {"Content-Type": "text/html; charset=utf-8"}, _PAGE)
