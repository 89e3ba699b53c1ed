"""Production's world in your tests. These are the words that a test writes; they need the standard library only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .core.errors import ParityFailure, ProdparityError, UsageError
    from .core.expectation import Budget
    from .core.latency import Latency
    from .faults.kinds.bandwidth import Bandwidth
    from .faults.kinds.black_hole import BlackHole
    from .faults.kinds.cut_body import CutBody
    from .faults.kinds.dribble import Dribble
    from .faults.kinds.empty_reply import EmptyReply
    from .faults.kinds.expired_certificate import ExpiredCertificate
    from .faults.kinds.failover import Failover
    from .faults.kinds.half_open import HalfOpen
    from .faults.kinds.html import Html
    from .faults.kinds.malformed_chunk import MalformedChunk
    from .faults.kinds.refuse import Refuse
    from .faults.kinds.reply_lost import ReplyLost
    from .faults.kinds.reset_peer import ResetPeer
    from .faults.kinds.restart import Restart
    from .faults.kinds.slicer import Slicer
    from .faults.kinds.slow import Slow
    from .faults.kinds.slow_headers import SlowHeaders
    from .faults.kinds.sql_state import SqlState
    from .faults.kinds.starved import Starved
    from .faults.kinds.status import Status
    from .faults.kinds.terminated import Terminated

__all__ = [
    "Bandwidth",
    "BlackHole",
    "Budget",
    "CutBody",
    "Dribble",
    "EmptyReply",
    "ExpiredCertificate",
    "Failover",
    "HalfOpen",
    "Html",
    "Latency",
    "MalformedChunk",
    "ParityFailure",
    "ProdparityError",
    "Refuse",
    "ReplyLost",
    "ResetPeer",
    "Restart",
    "Slicer",
    "Slow",
    "SlowHeaders",
    "SqlState",
    "Starved",
    "Status",
    "Terminated",
    "UsageError",
]
__version__ = "0.1.0"

_PLACES = {
    "Bandwidth": "faults.kinds.bandwidth",
    "BlackHole": "faults.kinds.black_hole",
    "Budget": "core.expectation",
    "CutBody": "faults.kinds.cut_body",
    "Dribble": "faults.kinds.dribble",
    "EmptyReply": "faults.kinds.empty_reply",
    "ExpiredCertificate": "faults.kinds.expired_certificate",
    "Failover": "faults.kinds.failover",
    "HalfOpen": "faults.kinds.half_open",
    "Html": "faults.kinds.html",
    "Latency": "core.latency",
    "MalformedChunk": "faults.kinds.malformed_chunk",
    "Refuse": "faults.kinds.refuse",
    "ReplyLost": "faults.kinds.reply_lost",
    "ResetPeer": "faults.kinds.reset_peer",
    "Restart": "faults.kinds.restart",
    "Slicer": "faults.kinds.slicer",
    "Slow": "faults.kinds.slow",
    "SlowHeaders": "faults.kinds.slow_headers",
    "SqlState": "faults.kinds.sql_state",
    "Starved": "faults.kinds.starved",
    "Status": "faults.kinds.status",
    "Terminated": "faults.kinds.terminated",
}
"""Where each word lives; the others are errors."""


def __getattr__(name: str) -> Any:
    # pytest imports this package in every run of everybody who has it installed: each word is loaded when it is used.
    if name in __all__:
        import importlib

        return getattr(importlib.import_module(f"{__name__}.{_PLACES.get(name, 'core.errors')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
