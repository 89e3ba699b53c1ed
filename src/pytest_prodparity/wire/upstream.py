"""Where the wire leads: one database on one server, and who logs in there."""

from __future__ import annotations

from dataclasses import dataclass, field

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True, kw_only=True, slots=True)
class Upstream:
    """A database behind the wire. `user` and `password` are used only for connections that the wire makes itself."""

    host: str
    """A name, an address, or (starting with `/`) the folder of a Unix socket."""
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    sslmode: str = "disable"
    """As libpq names them; the client's side of the wire is always plain."""
    version: int = 0
    """`server_version_num`, 0 where unknown."""

    def __post_init__(self) -> None:
        if self.sslmode not in SSL_MODES:
            raise ValueError(f"sslmode={self.sslmode!r} is none of {', '.join(SSL_MODES)}")
