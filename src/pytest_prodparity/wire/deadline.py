"""How long a client's own kernel would wait in a network that swallows everything."""

from __future__ import annotations

import ctypes
import socket
from dataclasses import dataclass

_libc = ctypes.PyDLL(None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """`setting` is the socket option that ends the wait."""

    setting: str
    seconds: float


def network_deadline(descriptor: int, *, sent: bool) -> Deadline | None:
    """The deadline that the socket of this process has set; None where it set none, or is another process's.

    `sent`: it has sent what nobody acknowledges. Then TCP_USER_TIMEOUT counts, and keepalive probes are not sent
    (RFC 5482, RFC 1122 4.2.3.6); while it only waits, keepalive counts.
    """
    if descriptor < 0:
        return None
    user = _option(descriptor, socket.IPPROTO_TCP, "TCP_USER_TIMEOUT")
    if sent:
        return Deadline(setting="TCP_USER_TIMEOUT", seconds=user / 1000) if user else None
    if not _option(descriptor, socket.SOL_SOCKET, "SO_KEEPALIVE"):
        return None
    idle = _option(
        descriptor, socket.IPPROTO_TCP, "TCP_KEEPIDLE" if hasattr(socket, "TCP_KEEPIDLE") else "TCP_KEEPALIVE"
    )
    every = _option(descriptor, socket.IPPROTO_TCP, "TCP_KEEPINTVL")
    count = _option(descriptor, socket.IPPROTO_TCP, "TCP_KEEPCNT")
    if not (idle and every and count):
        return None
    # TCP_USER_TIMEOUT takes the place of the count (tcp(7)).
    return Deadline(setting="keepalive", seconds=max(idle + every, user / 1000) if user else idle + every * count)


def _option(descriptor: int, level: int, name: str) -> int:
    number = getattr(socket, name, None)
    if number is None:
        return 0
    value = ctypes.c_int()
    size = ctypes.c_uint32(ctypes.sizeof(value))
    if _libc.getsockopt(descriptor, level, number, ctypes.byref(value), ctypes.byref(size)):
        return 0
    return value.value
