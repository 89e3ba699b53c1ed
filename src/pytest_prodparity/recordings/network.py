"""Connections that a test did not declare, whatever library makes them from Python.

An audit hook is told of each before it is made, and cannot be taken off again: it is there from the first marked test
on, and does nothing while no guard stands. Libraries that connect in C (libpq, curl, gRPC) are not seen.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import FrameType
from typing import Any

from ..core.findings import Source
from ..wire.source import Line, Lines, tasks

_NEAR = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback", "0.0.0.0", "::"})  # noqa: S104  # not bound to, recognised


@dataclass(frozen=True, kw_only=True, slots=True)
class Escape:
    """A connection that was about to be made, and was not."""

    host: str
    port: int | None
    source: Source | None

    @property
    def where(self) -> str:
        """`host:port`."""
        return self.host if self.port is None else f"{self.host}:{self.port}"


class Refused(ConnectionRefusedError):
    """What the code gets instead of a connection."""


class Unknown(socket.gaierror):
    """What the code gets instead of an address."""


class Guard:
    """Refuses what was not declared, and remembers it."""

    def __init__(self, root: Path, declared: Callable[[], Iterable[str]]) -> None:
        """`declared`: names, addresses or patterns such as `*.example.com`, asked for at each connection."""
        self._lines = Lines(root)
        self._declared = declared
        self._asked: set[str] = set()
        self._looked_up = False
        """A declared name has an address that nobody told us: an address alone says nothing from here on."""
        self._lock = threading.Lock()
        self.escapes: list[Escape] = []

    def declare(self, host: str) -> None:
        """It is asked through a cassette, and may be reached while that records."""
        self._asked.add(host.lower())

    def connecting(self, host: str, port: int | None, *, by_name: bool) -> bool:
        """May it? What may not is remembered."""
        plain = host.lower().rstrip(".").partition("%")[0]
        if _near(plain):
            return True
        numeric = _address(plain) is not None
        if by_name and numeric:
            return True  # nothing is sent to turn an address into an address
        if plain in self._asked or any(fnmatchcase(plain, one.lower()) for one in self._declared()):
            self._looked_up |= not numeric
            return True
        if numeric and self._looked_up:
            return True
        source = self._source()
        with self._lock:
            found = Escape(host=plain, port=port, source=source)
            if found not in self.escapes:
                self.escapes.append(found)
        return False

    def _source(self) -> Source | None:
        lines: list[Line] = []
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # the public way copies every frame
        if self._lines.of_thread(sys._getframe(1), lines) is None and not lines:  # noqa: SLF001
            # A worker looks names up for an event loop, which waits in the main thread.
            frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001
            loop = self._lines.of_thread(frame, lines) if frame is not None else None
            for task in tasks(loop) if loop is not None and not lines else ():
                self._lines.of_task(task, lines)
        while frame is not None and not lines:
            # What runs the loop.
            self._lines.of_frame(frame, lines)
            frame = frame.f_back
        return lines[0][0] if lines else None

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Within the block every connection is looked at."""
        global _guard  # the hook is the process's
        _install()
        before, _guard = _guard, self
        try:
            yield
        finally:
            _guard = before


_guard: Guard | None = None
_installed = False


def _install() -> None:
    global _installed
    if not _installed:
        _installed = True
        sys.addaudithook(_hook)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _guard is None or event[:7] != "socket.":
        return
    if event == "socket.connect" or event in ("socket.sendto", "socket.sendmsg"):
        _connect(_guard, event, *arguments[:2])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
        host = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if isinstance(host, str) and not _guard.connecting(host, _port(arguments), by_name=True):
            raise Unknown(socket.EAI_NONAME, f"prodparity: {host} is not declared, and is not reached from this test")


def _port(arguments: tuple[Any, ...]) -> int | None:
    said = arguments[1] if len(arguments) > 1 else None
    return int(said) if isinstance(said, int) or (isinstance(said, str) and said.isdigit()) else None


def _connect(guard: Guard, event: str, made: Any, address: Any) -> None:
    if not isinstance(address, tuple) or len(address) < 2 or not isinstance(address[0], str):
        return  # a Unix socket, or no address at all
    if getattr(made, "family", None) not in (socket.AF_INET, socket.AF_INET6):
        return
    if event == "socket.connect" and made.type == socket.SOCK_DGRAM:
        return  # nothing is sent; programs ask for their own address so
    if not guard.connecting(address[0], address[1], by_name=False):
        raise Refused(
            errno.ECONNREFUSED,
            f"prodparity: {address[0]}:{address[1]} is not declared, and is not reached from this test",
        )


def _near(host: str) -> bool:
    if host in _NEAR or host.endswith(".localhost") or host == socket.gethostname().lower():
        return True
    address = _address(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
