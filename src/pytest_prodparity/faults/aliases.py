"""What other tools call the same faults."""

from __future__ import annotations

TOXIPROXY = {
    "latency": "latency",
    "down": "refuse",
    "bandwidth": "bandwidth",
    "slow_close": "slow",
    "timeout": "black-hole",
    "reset_peer": "reset-peer",
    "slicer": "slicer",
    "limit_data": "reply-lost",
}
"""A toxic of Toxiproxy, to the name of a kind."""

WIREMOCK = {
    "EMPTY_RESPONSE": "empty-reply",
    "MALFORMED_RESPONSE_CHUNK": "malformed-chunk",
    "CONNECTION_RESET_BY_PEER": "reset-peer",
    "fixedDelayMilliseconds": "slow",
    "delayDistribution": "latency",
    "chunkedDribbleDelay": "dribble",
}
"""A fault or a delay of WireMock, to the name of a kind."""

ALIASES = {**TOXIPROXY, **WIREMOCK}


def kind_name(said: str) -> str:
    """The name of a kind, also where somebody says it as another tool does."""
    return ALIASES.get(said, said)
