"""What a flow is asked, and what it may object to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ..clock import Clock
from ..credentials import Live, Purse
from ..learned import Entry, Use
from ..parts import Parts

What = Literal[
    "missing", "elsewhere", "unknown", "kind", "mismatch", "signature", "skew", "expired", "revoked", "spent", "scope",
    "unproven",
]  # fmt: skip
"""From the weakest to the strongest word, but for the last: that one only says that nothing is proven."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What production would hold against a request."""

    what: What
    detail: str
    """The end of a sentence that begins with the request. Never a value."""
    use: Use | None = None
    live: Live | None = None
    error: str = ""
    """The standard's error word, where it is not the usual one for `what`."""
    missing_scope: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A request on replay, held against one recorded exchange."""

    parts: Parts
    entry: Entry
    shown: Mapping[Use, Live]
    """The live credentials that stand where the recorded request had them; all are good as far as their state goes."""
    others: tuple[Entry, ...]
    """All recorded exchanges of the same method and address."""
    purse: Purse
    clock: Clock


class Flow(Protocol):
    """One way to prove who asks."""

    def objects(self, asked: Asked) -> Fault | None:
        """What is wrong beyond a missing, unknown or worn-out value; None where nothing is, or it is not this flow."""
        ...
