"""The server's side of a connection: reaching it, logging in, and making a new session like an old one."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..core.errors import ProdparityError
from . import postgres, scram
from .memory import Memory, Prepared, Said
from .tls import secure
from .upstream import Upstream

_CONNECT_S = 30
_PROTOCOL = 3 << 16
_NOTICES_S = 0.05
_ENDS_S = 5.0


class RefusedError(ProdparityError):
    """The server's side cannot be had; `sqlstate` is what the client is told."""

    def __init__(self, happened: str, *, sqlstate: str, fix: str | None = None) -> None:
        super().__init__(happened, fix=fix)
        self.sqlstate = sqlstate


def connect(upstream: Upstream) -> socket.socket:
    """A connection to the server, under TLS where `sslmode` asks for it. Raises RefusedError."""
    where = upstream.host if upstream.host.startswith("/") else f"{upstream.host}:{upstream.port}"
    try:
        if upstream.host.startswith("/"):
            plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            plain.settimeout(_CONNECT_S)
            plain.connect(f"{upstream.host}/.s.PGSQL.{upstream.port}")
        else:
            plain = socket.create_connection((upstream.host, upstream.port), timeout=_CONNECT_S)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if upstream.sslmode not in ("disable", "allow"):
                return _ask_for_tls(plain, upstream)
    except OSError as cause:
        raise RefusedError(f"The server at {where} cannot be reached: {cause}.", sqlstate="08001") from cause
    plain.settimeout(None)
    return plain


def _ask_for_tls(plain: socket.socket, upstream: Upstream) -> socket.socket:
    try:
        plain.sendall(struct.pack(">II", 8, postgres.SSL_REQUEST))
        answer = plain.recv(1)
        if answer == b"S":
            tls = secure(plain, upstream.host, upstream.sslmode)
            plain.settimeout(None)
            return tls
        if upstream.sslmode == "prefer" and answer == b"N":
            plain.settimeout(None)
            return plain
    except BaseException:
        plain.close()
        raise
    plain.close()
    raise RefusedError(
        f"The server at {upstream.host}:{upstream.port} does not support TLS, and sslmode={upstream.sslmode} needs it.",
        sqlstate="08001",
    )


class Reader:
    """Whole messages from a socket, during a login; what was read beyond them is in `rest`."""

    def __init__(self, source: socket.socket) -> None:
        self._source = source
        self._buffer = bytearray(1 << 14)
        self.rest = b""

    def message(self) -> tuple[bytes, bytes]:
        """The next message's type and body. Raises ConnectionResetError at the end, GarbledError for what is none."""
        head = self._exactly(5)
        kind, length = postgres.HEADER.unpack(head)
        if kind not in postgres.BACKEND or not 4 <= length <= postgres.KEPT:
            raise postgres.GarbledError(f"message type {bytes([kind])!r} of length {length}")
        return head[:1], self._exactly(length - 4)

    def _exactly(self, count: int) -> bytes:
        while len(self.rest) < count:
            size = self._source.recv_into(self._buffer)
            if not size:
                raise ConnectionResetError("the server hung up during the login")
            self.rest += self._buffer[:size]
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken


@dataclass(kw_only=True, slots=True)
class Home:
    """A server session that waits for its first statement."""

    upstream: Upstream
    server: socket.socket
    pid: int = 0
    key: bytes = field(default=b"", repr=False)
    parameters: dict[str, str] = field(default_factory=dict)
    rest: bytes = b""
    """What the server sent after its ReadyForQuery."""

    def note(self, kind: bytes, body: bytes) -> None:
        """Remember what a message of the login says."""
        if kind == b"K":
            self.pid, self.key = int.from_bytes(body[:4], "big"), body[4:]
        elif kind == b"S":
            name, at = postgres.text(body)
            self.parameters[name.decode()] = postgres.text(body, at)[0].decode("utf-8", "replace")


def move_in(upstream: Upstream, asked: Mapping[str, str], protocol: int, memory: Memory) -> Home:
    """Log in to `upstream` as the client once did, and bring its session's settings and prepared statements along.

    Only `upstream`'s password is known, so only its user can be logged in. Raises RefusedError.
    """
    user = asked.get("user", "")
    if user != upstream.user:
        raise RefusedError(
            f"A connection of user {user!r} cannot move to the new database: only {upstream.user!r} can be logged in.",
            sqlstate="28000",
            fix=f"connect as {upstream.user!r}, or close the connection before the test ends",
        )
    home = Home(upstream=upstream, server=connect(upstream))
    try:
        reader = _enter(home, asked, protocol)
        _say_again(home, reader, memory)
        home.rest = reader.rest
    except BaseException as cause:
        home.server.close()
        if isinstance(cause, (OSError, scram.LoginError, postgres.GarbledError)):
            raise RefusedError(
                f"The login to database {upstream.database!r} did not come about: {cause}.", sqlstate="08006"
            ) from cause
        raise
    return home


def _enter(home: Home, asked: Mapping[str, str], protocol: int) -> Reader:
    upstream = home.upstream
    reader = Reader(home.server)
    home.server.sendall(postgres.startup(protocol, {**asked, "database": upstream.database}))
    _log_in(home, reader, scram.Login(upstream.user, upstream.password))
    return reader


def order(upstream: Upstream, statement: str) -> None:
    """One statement in a session of its own. Raises RefusedError, also where the server refuses the statement."""
    home = Home(upstream=upstream, server=connect(upstream))
    with contextlib.closing(home.server):
        try:
            reader = _enter(home, {"user": upstream.user}, _PROTOCOL)
            home.server.sendall(postgres.query(statement.encode()))
            while True:
                kind, body = reader.message()
                if kind == b"E":
                    said = postgres.fields(body)
                    raise RefusedError(said.get("M", ""), sqlstate=said.get("C", "XX000"))
                if kind == b"Z":
                    return
        except (OSError, scram.LoginError, postgres.GarbledError) as cause:
            raise RefusedError(f"a session of the wire's own broke off: {cause}.", sqlstate="08006") from cause


def end(home: Home) -> None:
    """End a session, whatever it does, and wait until its backend is gone: it holds no lock any more."""
    server = home.server
    with contextlib.suppress(OSError, ProdparityError):
        server.shutdown(socket.SHUT_WR)
        server.settimeout(_NOTICES_S)
        try:
            _read_out(server)
        except TimeoutError:
            cancel(home)  # a backend that works does not look whether its client is still there
            server.settimeout(_ENDS_S)
            _read_out(server)
    server.close()


def _read_out(server: socket.socket) -> None:
    buffer = bytearray(1 << 16)
    while server.recv_into(buffer):
        pass


def cancel(home: Home) -> None:
    """Send a CancelRequest. Raises OSError or RefusedError."""
    with contextlib.closing(connect(home.upstream)) as server:
        server.sendall(postgres.cancel(home.pid, home.key))
        # The server hangs up once the signal is sent; only then may the client believe it.
        server.recv_into(bytearray(1))


def _log_in(home: Home, reader: Reader, login: scram.Login) -> None:
    while True:
        kind, body = reader.message()
        home.note(kind, body)
        if kind == b"R":
            answer = login.answer(body)
            if answer is not None:
                home.server.sendall(answer)
        elif kind == b"E":
            said = postgres.fields(body)
            raise RefusedError(
                f"The server refuses the login to database {home.upstream.database!r}: {said.get('M', '')}.",
                sqlstate=said.get("C", "08004"),
            )
        elif kind == b"Z":
            return


def _say_again(home: Home, reader: Reader, memory: Memory) -> None:
    """Each part on its own, so that one which the new database refuses does not take the others along."""
    encoding = postgres.codec(home.parameters.get("client_encoding", "UTF8"))
    prepared = [(name, one) for name, one in memory.prepared.items() if one.message]
    settings = memory.to_say()
    sync = postgres.message(b"S")
    parts = [_said(one, encoding) for one in settings]
    parts += [postgres.message(b"P", one.message) + sync for _, one in prepared]
    home.server.sendall(b"".join(parts))
    for index in range(len(parts)):
        failed = False
        while True:
            kind, body = reader.message()
            home.note(kind, body)
            failed = failed or kind == b"E"
            if kind == b"Z":
                break
        if failed and index >= len(settings):
            name, one = prepared[index - len(settings)]
            _forget(memory, name, one)


def _forget(memory: Memory, name: bytes, prepared: Prepared) -> None:
    if memory.prepared.get(name) is prepared:
        del memory.prepared[name]


def _said(said: Said, encoding: str) -> bytes:
    sql = said.sql.encode(encoding, "replace")
    if not said.parameters:
        return postgres.query(sql)
    count = len(said.parameters)
    types = struct.pack(f">H{count}I", count, *(one.oid for one in said.parameters))
    formats = struct.pack(f">H{count}H", count, *(one.binary for one in said.parameters))
    values = b"".join(
        b"\xff\xff\xff\xff" if one.value is None else struct.pack(">I", len(one.value)) + one.value
        for one in said.parameters
    )
    return (
        postgres.message(b"P", b"\0" + sql + b"\0" + types)
        + postgres.message(b"B", b"\0\0" + formats + struct.pack(">H", count) + values + struct.pack(">H", 0))
        + postgres.message(b"E", b"\0" + struct.pack(">I", 0))
        + postgres.message(b"S")
    )
