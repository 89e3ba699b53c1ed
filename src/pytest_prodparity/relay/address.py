"""Where a proxy leads: from the URL that a test names to the service, and the same URL through the proxy."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from ..core.errors import UsageError
from ..core.suggest import closest

PORTS = {
    "http": 80, "https": 443, "redis": 6379, "rediss": 6379, "valkey": 6379, "valkeys": 6379, "amqp": 5672, "amqps": 5671,
    "mysql": 3306, "mariadb": 3306, "mongodb": 27017, "memcached": 11211, "nats": 4222, "kafka": 9092, "smtp": 25,
    "smtps": 465, "ldap": 389, "ldaps": 636, "mqtt": 1883, "ftp": 21, "imap": 143, "cassandra": 9042, "clickhouse": 9000,
    "postgresql": 5432, "postgres": 5432, "ws": 80, "wss": 443, "tcp": 0, "unix": 0,
}  # fmt: skip
"""Schemes, and the port where the URL names none; 0: it must."""
_SPOKEN = {"http": False, "https": True, "ws": False, "wss": True}
"""Schemes that are HTTP/1.1, and whether under TLS."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A service, and the URL by which the test knows it."""

    scheme: str
    host: str
    """A name or an address, without brackets; empty for a Unix socket."""
    port: int
    socket: str
    """Path of a Unix socket, or empty."""
    rest: SplitResult
    """User, path, query and fragment."""
    elsewhere: bool = False
    """Not on this machine."""

    @property
    def http(self) -> bool:
        """Is HTTP/1.1 spoken there?"""
        return self.scheme in _SPOKEN

    @property
    def tls(self) -> bool:
        """HTTP under TLS; other protocols' TLS passes through as it is."""
        return _SPOKEN.get(self.scheme, False)

    @property
    def where(self) -> str:
        """For messages, and for `Host`: without user, path and query."""
        if self.socket:
            return self.socket
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def through(self, port: int) -> str:
        """The URL with the proxy's port on 127.0.0.1 in place of the service; all else stays."""
        user = self.rest.netloc.rpartition("@")[0]
        netloc = f"{user}@127.0.0.1:{port}" if user else f"127.0.0.1:{port}"
        return urlunsplit((self.rest.scheme, netloc, self.rest.path, self.rest.query, self.rest.fragment))


def parse(url: str, *, remote: str | None = None) -> Address:
    """What `parity_proxy(url)` means. Raises UsageError: no known scheme, no port, or off this machine and not `remote`."""
    if "://" not in url:
        raise UsageError(
            f"parity_proxy: {shown(url)!r} has no scheme.",
            fix="parity_proxy('http://127.0.0.1:8000'), or 'tcp://127.0.0.1:PORT' for any other service",
        )
    try:
        split = urlsplit(url)
        several = "," in split.netloc.rpartition("@")[2]
        port = None if several else split.port
    except ValueError:
        # What Python says repeats a part of the URL that may be the password.
        raise UsageError(
            f"parity_proxy: {shown(url)!r} is not a URL: its host or port cannot be read.",
            fix="in a password, write '/', '?', '#' and '@' as %2F, %3F, %23 and %40",
        ) from None
    scheme, _, kind = split.scheme.partition("+")
    if scheme not in PORTS:
        raise UsageError(
            f"parity_proxy: unknown scheme {split.scheme!r} in {shown(url)!r}{closest(scheme, PORTS)}.",
            tried=f"Known: {', '.join(sorted(PORTS))}",
            fix="for any other service, parity_proxy('tcp://HOST:PORT'), and take host and port from the URL it gives",
        )
    if scheme == "unix" or kind in ("unix", "socket"):
        return _local(url, split, scheme)
    host = split.hostname or ""
    if not host or several:
        raise UsageError(
            f"parity_proxy: {shown(url)!r} names {'several hosts' if host else 'no host'}.",
            fix="one proxy for each host: parity_proxy('tcp://127.0.0.1:PORT')",
        )
    port = port or PORTS[scheme]
    if not port:
        raise UsageError(f"parity_proxy: {shown(url)!r} names no port.", fix=f"{scheme}://{host}:PORT")
    elsewhere = not _on_this_machine(host)
    if remote != host and elsewhere:
        raise UsageError(
            f"parity_proxy: {shown(url)!r} leads to {host!r}, which is not on this machine.",
            tried=None if remote is None else f"remote={remote!r} names another host",
            fix=f"if the test may really send there, name the host: parity_proxy(…, remote={host!r})",
        )
    return Address(scheme=scheme, host=host, port=port, socket="", rest=split, elsewhere=elsewhere)


def _local(url: str, split: SplitResult, scheme: str) -> Address:
    """`unix:///path`, `redis+unix:///path`; `http+unix://%2Fpath/base` keeps its own path."""
    if scheme in _SPOKEN:
        path, rest = unquote(split.netloc), split.path
    else:
        path, rest = unquote(split.path), ""
    if not path.startswith("/"):
        raise UsageError(f"parity_proxy: {shown(url)!r} does not name a socket by its whole path.")
    scheme = "tcp" if scheme == "unix" else scheme
    user = "" if scheme in _SPOKEN else split.netloc
    return Address(
        scheme=scheme, host="", port=0, socket=path, rest=SplitResult(scheme, user, rest, split.query, split.fragment)
    )


def _on_this_machine(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return address.is_loopback or address.is_unspecified
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found)


def shown(url: str) -> str:
    """Without the password, and without the query, in which there may be one: rather too little than too much."""
    head, sep, rest = url.rpartition("://")
    if "@" not in rest.partition("?")[2]:
        rest = rest.partition("?")[0]
    user, at, host = rest.rpartition("@")
    name, colon, _ = user.partition(":")
    return f"{head}{sep}{name}{':***' if colon else ''}{at}{host.partition('?')[0]}"


def connect(address: Address, timeout: float) -> socket.socket:
    """A plain connection to the service. Raises OSError."""
    if address.socket:
        plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        plain.settimeout(timeout)
        try:
            plain.connect(address.socket)
        except BaseException:
            plain.close()
            raise
        return plain
    plain = socket.create_connection((address.host, address.port), timeout=timeout)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return plain
