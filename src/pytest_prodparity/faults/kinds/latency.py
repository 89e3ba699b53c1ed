"""A delay of every round trip; no strike, but a property of the whole wire."""

from ...core.latency import Latency

__all__ = ["Latency"]
