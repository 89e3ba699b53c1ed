"""The service says no."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from http.client import responses

from ...core.errors import UsageError
from ...relay.line import http
from ...wire.gate import Asking, Opening
from ...wire.line import Line
from .http import at_request
from .kind import At


@dataclass(frozen=True, slots=True)
class Status:
    """An answer with this status, such as 429 or 503, with `Retry-After` if it is given in seconds.

    The service hears nothing of the request, unless `applied`: then it has done it, and something before it fails.
    """

    code: int
    retry_after: float | None = None
    applied: bool = False
    trip: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.code, int) or not 200 <= self.code <= 599:
            raise UsageError(f"Status({self.code!r}): a final status is 200 to 599.", fix="for instance Status(503)")
        if self.retry_after is not None and self.retry_after < 0:
            raise UsageError(f"Status({self.code}, retry_after={self.retry_after!r}): it is in seconds, 0 or more.")

    @property
    def name(self) -> str:
        """The code, or with a suffix where the request was done."""
        return f"{self.code}-applied" if self.applied else str(self.code)

    @property
    def at(self) -> At:
        """A request."""
        return "trip"

    def fits(self, asking: Asking | Opening) -> str | None:
        """Any request."""
        return at_request(asking)

    def strike(self, line: Line) -> None:
        """In JSON, as gateways of APIs do."""
        if self.applied:
            line.reply()
        fields = {"Content-Type": "application/json"}
        if self.retry_after is not None:
            fields["Retry-After"] = str(math.ceil(self.retry_after))  # the field knows no fractions
        http(line).respond(self.code, fields, json.dumps({"error": responses.get(self.code, "error")}).encode())
