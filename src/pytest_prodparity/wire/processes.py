"""Which descriptor of this process, or which other process, has the far end of a loopback connection."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

_LOOPBACK = bytes((127, 0, 0, 1))
ANOTHER = "another process"
"""The actor where the kernel does not say which."""
# Not `socket.socket(fileno=…)`: under `socket.setdefaulttimeout` that turns the user's descriptor to non-blocking.
_libc = ctypes.PyDLL(None)
_last = 0


def descriptor(port: int, peer: int) -> int:
    """This process's descriptor of the IPv4 loopback connection from `port` to `peer`, or -1."""
    ours = struct.pack(">H4s", port, _LOOPBACK)
    theirs = struct.pack(">H4s", peer, _LOOPBACK)
    address = ctypes.create_string_buffer(128)
    size = ctypes.c_uint32()
    try:
        # The same on Linux and macOS, also in the place of port and address within the structure.
        descriptors = [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208  # twice as fast as Path's
    except OSError:
        return -1
    for number in descriptors:
        size.value = 128
        if _libc.getsockname(number, address, ctypes.byref(size)) or address.raw[2:8] != ours:
            continue
        size.value = 128
        if not _libc.getpeername(number, address, ctypes.byref(size)) and address.raw[2:8] == theirs:
            return number
    return -1


def owner(port: int, peer: int) -> str | None:
    """`process PID` of whoever connected from `port` to `peer`; None where the kernel does not say (not Linux)."""
    global _last  # short connections mostly come from the process that came before
    try:
        inode = _inode(port, peer)
        if inode is None:
            return None
        link = f"socket:[{inode}]"
        if _last and _has(_last, link):
            return f"process {_last}"
        own = os.getpid()
        # The newest first: a test's subprocess is young.
        for pid in sorted((int(name) for name in os.listdir("/proc") if name.isdigit()), reverse=True):  # noqa: PTH208
            if pid != own and _has(pid, link):
                _last = pid
                return f"process {pid}"
    except OSError:
        return None
    return None


def is_another(actor: str) -> bool:
    """Is this actor of a trip a process, other than ours?"""
    return actor == ANOTHER or (actor.startswith("process ") and actor[8:].isdigit())


def has_ended(actor: str) -> bool:
    """Is the process that is this actor gone, or only not waited for yet? False where it is not known which one that is."""
    number = actor[8:]
    if not is_another(actor) or actor == ANOTHER:
        return False
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] in ("Z", "X")
    except OSError:
        return True


def _inode(port: int, peer: int) -> str | None:
    mine, theirs = f"0100007F:{port:04X}", f"0100007F:{peer:04X}"
    with Path("/proc/net/tcp").open() as table:
        for line in table:
            if mine in line:
                parts = line.split()
                if parts[1] == mine and parts[2] == theirs:
                    return parts[9]
    return None


def _has(pid: int, link: str) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        return any(os.readlink(f"{folder}/{name}") == link for name in os.listdir(folder))  # noqa: PTH115, PTH208
    except OSError:
        return False
