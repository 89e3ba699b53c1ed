"""Words of a recording: a request, its response, and what the ledger rules about a request that is asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Literal

Fields = tuple[tuple[str, str], ...]
"""Header fields in the order and spelling in which they were sent; a name may occur more than once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """As the client sent it, a redirect not followed."""

    method: str
    """In capitals."""
    url: str
    """Absolute, with query, without fragment."""
    headers: Fields = ()
    body: bytes = field(default=b"", repr=False)
    """Without transfer coding; content coding as sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """As the server sent it."""

    status: int
    reason: str = ""
    headers: Fields = ()
    body: bytes = field(default=b"", repr=False)
    """Without transfer coding; content coding as sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """One recorded request and its response."""

    number: int
    """Its place in the cassette, from 0."""
    request: Request
    response: Response
    at: float | None = None
    """When the response came, in seconds since 1970; None where the cassette does not say (a foreign one)."""
    probe: Literal["", "without", "corrupt"] = ""
    """A counter-probe: the request that was asked before it, without its credential or with a corrupt one."""


class Verdict(Enum):
    """What is proven about a request."""

    ACCEPT = "accept"
    """Production accepted this with this credential, and it is still good."""
    REFUSE = "refuse"
    """Production refuses this."""
    NOT_COVERED = "not-covered"
    """Nothing in the recording tells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Accusation:
    """Why a request is refused, as a finding's parts; `rule` is one of the public rule ids."""

    rule: str
    title: str
    subject: str
    """What it is about, short and stable: a credential's name or `POST /token`. Never a secret."""
    evidence: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """The answer to a request on replay."""

    verdict: Verdict
    response: Response | None
    """None where there is nothing to answer with: the caller turns it into an error that names the request."""
    played: Exchange | None = None
    """The recorded exchange that the response is (or is made from)."""
    made: bool = False
    """The response was not recorded: it is made after the standard that `why` names."""
    why: str = ""
    """One line for the user. Never a secret."""
    accusation: Accusation | None = None
