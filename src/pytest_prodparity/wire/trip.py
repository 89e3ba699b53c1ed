"""One round trip: everything that a client sent up to one answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.findings import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One bound value, byte for byte as the client sent it. `value` is None for NULL; `binary` is its format."""

    value: bytes | None
    binary: bool
    oid: int
    """Declared type, 0 where the client left it to the server."""
    cut: bool = False
    """Only the value's start was kept; it was too long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One SQL text of a trip and what came of it.

    A simple Query with several statements is one Statement a piece (cut by a lexer); an extended execution is one.
    """

    sql: str
    parameters: tuple[Parameter, ...] = ()
    described_only: bool = False
    """Parsed and described, never executed."""
    tag: str | None = None
    """CommandComplete's tag, such as `SELECT 3`; None where it failed or was not reached."""
    rows: int = 0
    """Rows that came back (DataRow messages, or COPY OUT's rows)."""
    sqlstate: str | None = None
    error: str | None = None
    """The server's primary message."""
    suspended: bool = False
    """A portal of which the client fetched only a part (server-side cursor)."""
    cut: bool = False
    """Only the text's start was kept; it was longer than 1 MiB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trip:
    """One `Query`, or everything up to one `Sync`. Times are `time.monotonic()` seconds."""

    connection: int
    """Number of the client connection, counted from 1 within this wire."""
    number: int
    """Number of the trip on its connection, from 1."""
    statements: tuple[Statement, ...]
    started: float
    ended: float
    bytes_out: int
    """Client to server."""
    bytes_in: int
    before: str
    """Transaction state before the trip: `I` idle, `T` in a transaction, `E` in a failed one."""
    after: str
    actor: str = ""
    """Thread or task that sent it, `process PID` for another process, empty where unknown."""
    source: Source | None = None
    """The innermost line of the user's code that waits for this trip."""
    backend: int = 0
    """The server's process id."""
    database: str = ""
    user: str = ""
    application_name: str = ""
    stack: tuple[str, ...] = field(default=(), repr=False)
    """`path:line function` of the user's frames, innermost first."""
    broken: bool = False
    """The connection ended before the answer was complete; `after` is then empty."""
    delay: float = 0.0
    """Seconds for which the wire held the request before `started`, and the answer after `ended`: the injected latency."""
