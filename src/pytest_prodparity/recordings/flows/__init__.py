"""Ways in which a request proves who asks: one file each."""

from __future__ import annotations

from .assertion import Assertion
from .basic import Basic
from .client import Client
from .code import Code
from .device import Device
from .flow import Asked, Fault, Flow
from .refresh import Refresh
from .scopes import Scopes
from .session import Session
from .signed import Signed


def flows() -> tuple[Flow, ...]:
    """All of them, for one ledger: some remember what they have found out."""
    return (Client(), Code(), Device(), Refresh(), Assertion(), Basic(), Session(), Scopes(), Signed())


__all__ = ["Asked", "Fault", "Flow", "flows"]
