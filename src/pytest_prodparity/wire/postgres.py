"""PostgreSQL's protocol 3: cutting a byte stream into messages, reading them, and writing the few that we send."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from .trip import Parameter

HEADER = struct.Struct(">BI")
_LENGTH = struct.Struct(">I")
_INT16 = struct.Struct(">H")

KEPT = 1 << 20
"""How much of one client message is kept: the statement's text, the bound values."""
KEPT_VALUE = 1 << 16
"""How much of one bound value is kept."""
KEPT_REPLY = 1 << 16
LONGEST = (1 << 30) + (1 << 20)
"""PostgreSQL's own limit for a message is 1 GiB."""

_MANY = 4096
_QUERY = ord("Q")

FRONTEND = frozenset(b"QPBDECSHFdcfpX")
BACKEND = frozenset(b"RSKZCDENTAtGHWdcIns123Vv")

SSL_REQUEST = 80877103
GSSENC_REQUEST = 80877104
CANCEL_REQUEST = 80877102


class GarbledError(Exception):
    """These bytes are not PostgreSQL's protocol."""


Message = tuple[int, bytes, int, int, int]
"""One message, or a run of row messages of one kind: its type; the body's start, up to the direction's cap, empty for
rows; the position in the stream after it; how many; the body's true length. (A named tuple costs three times as much.)
"""


class Frames:
    """Cuts one direction of a connection into messages, however they arrive, and keeps no more than a cap of each.

    Rows (DataRow, CopyData) are counted, never kept, so a result of any size costs no memory.
    """

    __slots__ = ("_body", "_cap", "_head", "_kinds", "_missing", "_rows", "_started", "position", "textual")

    def __init__(self, kinds: frozenset[int], rows: bytes, cap: int) -> None:
        self._kinds = kinds
        self._rows = frozenset(rows)
        self._cap = cap
        self._head = b""
        """The start of a header whose rest has not come."""
        self._started: tuple[int, int] | None = None
        """Kind and body length of a message whose rest has not come."""
        self._body = bytearray()
        self._missing = 0
        self.position = 0
        """Bytes seen."""
        self.textual = False
        """These are rows of a COPY in text or CSV: most are skipped uncounted, for the end of a COPY says how many."""

    @property
    def whole(self) -> bool:
        """Whether the stream stands between two messages."""
        return self._started is None and not self._head

    @property
    def begun(self) -> tuple[int, int]:
        """Where the message starts whose end has not come, and its type, 0 if unknown."""
        if self._head:
            return self.position - len(self._head), self._head[0]
        if self._started is None:
            return self.position, 0
        kind, length = self._started
        return self.position - (5 + length - self._missing), kind

    @property
    def half(self) -> tuple[bytes, int]:
        """Of the message whose end has not come: the start of its header, or how many bytes are missing."""
        return self._head, self._missing if self._started is not None else 0

    def feed(self, data: bytes | bytearray, size: int) -> list[Message]:
        """The messages that the first `size` bytes of `data` complete. Raises GarbledError."""
        at = 0
        found: list[Message] = []
        if self._head or self._started is not None:
            at = self._resume(data, size, found)
        elif size > 4 and data[0] == _QUERY:
            kind, length = HEADER.unpack_from(data)
            if length == size - 1 <= self._cap:  # one short Query and nothing else, as most chunks of a client are
                self.position = end = self.position + size
                return [(kind, bytes(data[5:size]), end, 1, length - 4)]
        if self.textual and size - at > _MANY:
            # The server writes one row a message, with its newline, and text has no zero byte: this is a header.
            last = data.rfind(b"\nd\0\0", at, size) + 1
            if last > at:
                found.append((ord("d"), b"", self.position + last, 1, 0))
                at = last
        base, kinds, rows, cap, unpack = self.position, self._kinds, self._rows, self._cap, HEADER.unpack_from
        while at + 5 <= size:
            kind, length = unpack(data, at)
            if kind not in kinds or length < 4 or length > LONGEST:
                raise GarbledError(f"message type {bytes([kind])!r} of length {length}")
            end = at + 1 + length
            if end > size:
                break
            if kind in rows:
                count = 0
                while True:
                    count += 1
                    at = end
                    if at + 5 > size:
                        break
                    following, length = unpack(data, at)
                    if following != kind or not 4 <= length <= LONGEST:
                        break
                    end = at + 1 + length
                    if end > size:
                        break
                found.append((kind, b"", base + at, count, 0))
                continue
            body = data[at + 5 : end] if length <= cap else data[at + 5 : at + 5 + cap]
            found.append((kind, body if isinstance(body, bytes) else bytes(body), base + end, 1, length - 4))
            at = end
        if at < size:
            self._begin(data, at, size)
        self.position = base + size
        return found

    def _begin(self, data: bytes | bytearray, at: int, size: int) -> None:
        if size - at < 5:
            self._head = bytes(data[at:size])
            return
        kind, length = HEADER.unpack_from(data, at)
        if kind not in self._kinds or not 4 <= length <= LONGEST:
            raise GarbledError(f"message type {bytes([kind])!r} of length {length}")
        self._started = (kind, length - 4)
        self._body = bytearray()
        if kind not in self._rows:
            self._body += data[at + 5 : min(size, at + 5 + self._cap)]
        self._missing = at + 1 + length - size

    def _resume(self, data: bytes | bytearray, size: int, found: list[Message]) -> int:
        """Take what still belongs to the message begun before; returns where the next one starts."""
        at = 0
        if self._head:
            at = min(5 - len(self._head), size)
            head = self._head + bytes(data[:at])
            if len(head) < 5:
                self._head = head
                return at
            self._head = b""
            self._begin(head, 0, 5)
        assert self._started is not None
        kind, length = self._started
        taken = min(self._missing, size - at)
        room = self._cap - len(self._body)
        if room > 0 and kind not in self._rows:
            self._body += data[at : at + min(taken, room)]
        self._missing -= taken
        at += taken
        if not self._missing:
            found.append((kind, bytes(self._body), self.position + at, 1, length))
            self._started = None
            self._body = bytearray()
        return at


def from_client() -> Frames:
    """What a client sends after its start-up message."""
    return Frames(FRONTEND, b"d", KEPT)


def from_server() -> Frames:
    """What a server sends."""
    return Frames(BACKEND, b"Dd", KEPT_REPLY)


def text(body: bytes, start: int = 0) -> tuple[bytes, int]:
    """The zero-terminated string at `start`, and where the next field begins; a cut one reaches to the end."""
    end = body.find(b"\0", start)
    return (body[start:], len(body)) if end < 0 else (body[start:end], end + 1)


def parse(body: bytes) -> tuple[bytes, bytes, tuple[int, ...]]:
    """Of Parse: the prepared statement's name, its text, the declared types."""
    name, at = text(body)
    sql, at = text(body, at)
    if at + 2 > len(body):
        return name, sql, ()
    (count,) = _INT16.unpack_from(body, at)
    room = min(count, (len(body) - at - 2) // 4)
    return name, sql, struct.unpack_from(f">{room}I", body, at + 2)


def bind(body: bytes, types: tuple[int, ...]) -> tuple[bytes, bytes, tuple[Parameter, ...]]:
    """Of Bind: the portal's name, the prepared statement's name, the values."""
    portal, at = text(body)
    name, at = text(body, at)
    if at + 2 > len(body):
        return portal, name, ()
    (formats,) = _INT16.unpack_from(body, at)
    binary = struct.unpack_from(f">{formats}H", body, at + 2) if formats else ()
    at += 2 + 2 * formats
    (count,) = _INT16.unpack_from(body, at)
    at += 2
    if not count:
        return portal, name, ()
    values: list[Parameter] = []
    for index in range(count):
        is_binary = bool(binary[index] if len(binary) > 1 else binary[0] if binary else 0)
        oid = types[index] if index < len(types) else 0
        if at + 4 > len(body):  # the kept part of the message ends here
            values.append(Parameter(value=b"", binary=is_binary, oid=oid, cut=True))
            continue
        (length,) = _LENGTH.unpack_from(body, at)
        at += 4
        if length == 0xFFFFFFFF:
            values.append(Parameter(value=None, binary=is_binary, oid=oid))
            continue
        value = body[at : at + min(length, KEPT_VALUE)]
        values.append(Parameter(value=value, binary=is_binary, oid=oid, cut=len(value) < length))
        at += length
    return portal, name, tuple(values)


def fields(body: bytes) -> dict[str, str]:
    """Of ErrorResponse and NoticeResponse: the fields by their letters (`C` SQLSTATE, `M` message)."""
    found: dict[str, str] = {}
    at = 0
    while at < len(body) and body[at]:
        value, after = text(body, at + 1)
        found[chr(body[at])] = value.decode("utf-8", "replace")
        at = after
    return found


def message(kind: bytes, body: bytes = b"") -> bytes:
    """One message with its header."""
    return kind + _LENGTH.pack(len(body) + 4) + body


def query(sql: bytes) -> bytes:
    """A simple Query."""
    return message(b"Q", sql + b"\0")


def fatal(happened: str, sqlstate: str, hint: str | None = None) -> bytes:
    """An ErrorResponse as a server sends it before it hangs up."""
    return error("FATAL", sqlstate, happened, hint=hint)


def error(severity: str, sqlstate: str, happened: str, *, detail: str | None = None, hint: str | None = None) -> bytes:
    """An ErrorResponse as a server sends it."""
    parts = [("S", severity), ("V", severity), ("C", sqlstate), ("M", happened)]
    parts += [(key, value) for key, value in (("D", detail), ("H", hint)) if value]
    return message(b"E", b"".join(f"{key}{value}\0".encode() for key, value in parts) + b"\0")


def startup(protocol: int, parameters: Mapping[str, str]) -> bytes:
    """A StartupMessage."""
    pairs = "".join(f"{key}\0{value}\0" for key, value in parameters.items())
    body = _LENGTH.pack(protocol) + pairs.encode("utf-8", "surrogateescape") + b"\0"
    return _LENGTH.pack(len(body) + 4) + body


def startup_parameters(body: bytes) -> dict[str, str]:
    """Of a StartupMessage's body after the protocol number."""
    parts = body.decode("utf-8", "surrogateescape").split("\0")
    return {key: value for key, value in _pairs(parts) if key}


def _pairs(parts: list[str]) -> Iterable[tuple[str, str]]:
    return zip(parts[::2], parts[1::2], strict=False)


def cancel(pid: int, key: bytes) -> bytes:
    """A CancelRequest. The key is 4 bytes, or up to 256 since protocol 3.2."""
    return _LENGTH.pack(12 + len(key)) + struct.pack(">II", CANCEL_REQUEST, pid) + key


CODECS = {"SQL_ASCII": "utf-8", "UTF8": "utf-8", "EUC_JIS_2004": "euc_jis_2004", "SHIFT_JIS_2004": "shift_jis_2004"}


def codec(client_encoding: str) -> str:
    """Python's name of a `client_encoding`; UTF-8 where it has none."""
    import codecs

    name = CODECS.get(client_encoding)
    if name is None:
        name = client_encoding.replace("WIN", "cp") if client_encoding.startswith("WIN") else client_encoding
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"
