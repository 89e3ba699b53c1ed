"""One way in which a recorded exchange differs from what its API is, or says, now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from .exchange import Exchange


class Severity(IntEnum):
    """How much it matters to code that calls the API."""

    INFORM = 0
    """Nothing that ran will fail by it: a new field."""
    WARN = 1
    """It may: a field is missing, a value is a new one, an end is announced."""
    FAIL = 2
    """It will, or does: a type has changed, what is called is deprecated or gone."""

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Data only. Never a value of the exchange that may be somebody's."""

    severity: Severity
    kind: str
    """`deprecated-operation`, `deprecated-parameter`, `deprecated-field`, `deprecated-header`, `sunset`, `version`,
    `undocumented-path`, `undocumented-method`, `undocumented-status`, `undocumented-parameter`, `undocumented-field`,
    `undocumented-content`, `type`, `missing`, `value`, `gone`, …"""
    operation: str
    """`GET /v1/invoices/{id}`."""
    where: str
    """`response 200 .items[].total`, `query parameter page`; empty for the whole operation."""
    told: str
    """The predicate: `is string, documented: integer`."""
    successor: str = ""
    """What to use instead, where somebody says so."""
    source: str = ""
    """Who says so: a place in the specification, a header."""
    cassette: str = ""
    number: int = 0
    """Of the first exchange that has it."""
    times: int = 1

    @property
    def rule(self) -> str:
        """The public rule id."""
        return "deprecated-api" if self.kind.startswith("deprecated-") or self.kind == "sunset" else "api-drift"

    @property
    def key(self) -> tuple[str, str, str, str]:
        """The same for the same difference in another exchange."""
        return self.kind, self.operation, self.where, self.told

    def at(self, cassette: str, exchange: Exchange) -> Difference:
        """The same, met there."""
        return replace(self, cassette=cassette, number=exchange.number)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "rule": self.rule, "severity": str(self.severity), "kind": self.kind, "operation": self.operation,
            "where": self.where, "told": self.told, "successor": self.successor or None, "source": self.source or None,
            "cassette": self.cassette, "interaction": self.number, "times": self.times,
        }  # fmt: skip
