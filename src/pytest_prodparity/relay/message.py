"""HTTP/1.1 on the wire: where a message's head ends, and where its body does. Bytes are never changed on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

LONGEST_HEAD = 1 << 18
_LONGEST_LINE = 1 << 14
_NO_BODY = frozenset((204, 304))


class GarbledError(Exception):
    """These bytes are not HTTP/1.x."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """A start line and its fields, with the very bytes."""

    raw: bytes
    first: str
    """Of a request the method, of an answer the version."""
    second: str
    """Of a request the target, of an answer the status."""
    fields: tuple[tuple[str, str], ...]
    """Names in lower case."""

    def field(self, name: str) -> str | None:
        """The first field of that (lower-case) name."""
        return next((value for known, value in self.fields if known == name), None)

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.second)

    @property
    def path(self) -> str:
        """Of a request: without query and, for a proxy's absolute target, without host. A query may hold secrets."""
        target = self.second.partition("?")[0].partition("#")[0]
        if "://" in target:
            target = "/" + target.partition("://")[2].partition("/")[2]
        return target

    @property
    def chunked(self) -> bool:
        """Is the body sent in chunks?"""
        said = ",".join(value for name, value in self.fields if name == "transfer-encoding")
        return said.rpartition(",")[2].strip().lower() == "chunked"

    @property
    def length(self) -> int | None:
        """Content-Length. Raises GarbledError."""
        said = self.field("content-length")
        if said is None:
            return None
        if not said.isascii() or not said.isdigit():
            raise GarbledError(f"Content-Length: {said}")
        return int(said)


def head(raw: bytes, *, answer: bool) -> Head:
    """Parse a head, up to and with its empty line. Raises GarbledError."""
    lines = raw.strip(b"\r\n").decode("latin-1").splitlines()
    parts = lines[0].split(" ", 2) if lines else []
    if answer:
        fine = len(parts) >= 2 and parts[0].startswith("HTTP/1.") and len(parts[1]) == 3 and parts[1].isdigit()
    else:
        fine = len(parts) == 3 and parts[2].startswith("HTTP/1.") and parts[0].isascii() and parts[0].isupper()
    if not fine:
        raise GarbledError(lines[0][:80] if lines else "an empty head")
    fields = [line.partition(":") for line in lines[1:] if ":" in line]
    return Head(
        raw=raw,
        first=parts[0],
        second=parts[1],
        fields=tuple((name.strip().lower(), value.strip()) for name, _, value in fields),
    )


class Body(Protocol):
    """How the end of a body is found."""

    done: bool

    def take(self, data: bytes) -> int:
        """How many of these bytes are the body's. Raises GarbledError."""


class Counted:
    """So many bytes."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = not length

    def take(self, data: bytes) -> int:
        """See Body."""
        taken = min(self._left, len(data))
        self._left -= taken
        self.done = not self._left
        return taken


class Chunked:
    """Chunks, an empty one, and trailers."""

    def __init__(self) -> None:
        self.done = False
        self._line = b""
        self._left = 0
        self._last = False

    def take(self, data: bytes) -> int:
        """See Body."""
        at = 0
        while at < len(data) and not self.done:
            if self._left:
                taken = min(self._left, len(data) - at)
                self._left -= taken
                at += taken
                continue
            end = data.find(b"\n", at)
            self._line += data[at:] if end < 0 else data[at:end]
            if len(self._line) > _LONGEST_LINE:
                raise GarbledError("a chunk's line without an end")
            if end < 0:
                return len(data)
            at = end + 1
            line, self._line = self._line.strip(), b""
            self._read(line)
        return at

    def _read(self, line: bytes) -> None:
        if self._last:
            self.done = not line
            return
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            raise GarbledError(f"a chunk of length {line[:20]!r}") from None
        self._last = not size
        self._left = size + 2 if size else 0


class Endless:
    """Up to the end of the connection."""

    done = False

    def take(self, data: bytes) -> int:
        """See Body."""
        return len(data)


def body_of_request(head: Head) -> Body:
    """Raises GarbledError."""
    return Chunked() if head.chunked else Counted(head.length or 0)


def body_of_answer(head: Head, method: str) -> Body:
    """Of what follows this head as the answer to that method. Raises GarbledError."""
    if method == "HEAD" or head.status in _NO_BODY or 100 <= head.status < 200:
        return Counted(0)
    if head.chunked:
        return Chunked()
    length = head.length
    return Endless() if length is None else Counted(length)


class Reading:
    """One direction's bytes, cut where messages end."""

    def __init__(self) -> None:
        self.held = b""
        self.body: Body | None = None
        """Of the message that has begun; None between two."""

    def feed(self, data: bytes) -> None:
        """More has come."""
        self.held += data

    def head(self) -> bytes | None:
        """The next message's head; None while it is not complete. Raises GarbledError."""
        start = 0
        while self.held.startswith((b"\r\n", b"\n"), start):
            start += 1 if self.held[start] == 10 else 2
        ends = [at + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (at := self.held.find(mark, start)) >= 0]
        if not ends:
            if len(self.held) > LONGEST_HEAD:
                raise GarbledError("a head without an end")
            return None
        raw, self.held = self.held[: min(ends)], self.held[min(ends) :]
        return raw

    def take(self) -> bytes:
        """What is there of the body that has begun. Raises GarbledError."""
        assert self.body is not None
        size = self.body.take(self.held) if self.held else 0
        data, self.held = self.held[:size], self.held[size:]
        return data

    def rest(self) -> bytes:
        """Everything, as it is."""
        data, self.held = self.held, b""
        return data


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A whole answer."""

    head: Head
    raw: bytes
    """The body as it was sent."""
    body: bytes
    """Without the framing of chunks; still encoded, if it was."""


def answer_of(data: bytes, method: str) -> Answer:
    """Cut an answer to that method. Raises GarbledError."""
    reading = Reading()
    reading.feed(data)
    start = reading.head()
    if start is None:
        raise GarbledError("an answer without a whole head")
    parsed = head(start, answer=True)
    raw = reading.rest()
    return Answer(head=parsed, raw=raw, body=_unchunked(raw) if parsed.chunked and method != "HEAD" else raw)


def _unchunked(raw: bytes) -> bytes:
    body: list[bytes] = []
    at = 0
    while True:
        end = raw.find(b"\r\n", at)
        try:
            size = int(raw[at:end].partition(b";")[0], 16) if end >= 0 else 0
        except ValueError:
            raise GarbledError("a chunk without its length") from None
        if not size:
            return b"".join(body)
        body.append(raw[end + 2 : end + 2 + size])
        at = end + 4 + size


def rewritten(answer: Head, fields: Mapping[str, str]) -> bytes:
    """The head of an answer whose body is framed or encoded otherwise: the fields that say so are replaced by these."""
    gone = {"content-length", "transfer-encoding", *map(str.lower, fields)}
    start, *lines = answer.raw.strip(b"\r\n").splitlines()
    kept = [line for line in lines if line.partition(b":")[0].strip().lower().decode("latin-1") not in gone]
    said = [f"{name}: {value}".encode("latin-1") for name, value in fields.items()]
    return b"\r\n".join([start, *kept, *said, b"", b""])
