"""The last look before a cassette is written: is any known secret in its bytes, however it is encoded?

It shares nothing with what replaced them: what that missed, this is to find.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import html
import lzma
import quopri
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

DEPTH = 4
"""Encodings within encodings."""
LIMIT = 64 * 1024 * 1024
"""Of what is unpacked."""
LARGE = 128 * 1024
EDGED = 8
"""A shorter secret counts where no letter or digit stands beside it."""


class Hit(NamedTuple):
    """A secret that would have been written."""

    kind: str
    way: str
    """How it is encoded, outermost first."""
    line: int
    """In the file; of what is inside an encoding, where that begins."""


_BASE64 = re.compile(rb"[A-Za-z0-9+/_-](?:[A-Za-z0-9+/_-]|[ \t]*\\?\r?\n[ \t]*){14,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}[ :]?){8,}")
_BASE32 = re.compile(rb"[A-Z2-7]{16,}={0,6}")
_HEX_ESCAPES = re.compile(rb"\\+x([0-9a-fA-F]{2})")
_U_ESCAPES = re.compile(rb"\\+u\{?([0-9a-fA-F]{4})\}?")
_OCTAL = re.compile(rb"\\([0-3][0-7]{2})")
_SIMPLE = re.compile(rb"\\+([\"'/\\])")


def scan(data: bytes, known: Mapping[str, str]) -> list[Hit]:
    """Every known secret (secret to kind) that can be read out of the bytes, once each."""
    look = _Look(known)
    look.at(data, "", lambda view, at: view.count(b"\n", 0, at) + 1, depth=0, whole=1 if len(data) > LARGE else 3)
    return list(look.hits.values())


Lines = Callable[[bytes, int], int]
"""From an offset of a view to a line of the file."""


class _Look:
    """The bytes as they are, and as each decoder reads them."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._needles = [(value, kind, list(_spelled(value))) for value, kind in known.items() if value]
        self._seen: set[int] = set()
        self.hits: dict[str, Hit] = {}

    def at(self, data: bytes, way: str, lines: Lines, *, depth: int, whole: int, bare: bool = False) -> None:
        """Look at one view, and at what its decoders make of it; `whole`: how many decoders of all of it may be nested."""
        if not data or hash(data) in self._seen:
            return
        self._seen.add(hash(data))
        self._search(data, way, lines, bare=bare)
        if depth >= DEPTH or len(data) > LIMIT:
            return
        for pattern, name, decode in _PARTS:
            self._parts(data, pattern, decode, _in(name, way), lines, depth=depth + 1, whole=whole)
        self._open(data, way, lines(data, 0), depth=depth + 1)
        for name, decode in _WHOLE if whole else ():
            self.at(decode(data), _in(name, way), lines, depth=depth + 1, whole=whole - 1)

    def _search(self, data: bytes, way: str, lines: Lines, *, bare: bool) -> None:
        for value, kind, words in self._needles:
            if value in self.hits:
                continue
            for word, coding, edged in words[:BARE] if bare else words:
                found = _find(data, word, edged)
                if found >= 0:
                    self.hits[value] = Hit(kind, _in(coding, way) or "plain", lines(data, found))
                    break

    def _parts(
        self,
        data: bytes,
        pattern: re.Pattern[bytes],
        decode: Callable[[bytes], bytes],
        way: str,
        lines: Lines,
        *,
        depth: int,
        whole: int,
    ) -> None:
        """All that one decoder reads, put together: thousands of identifiers look like base64."""
        pieces: list[bytes] = []
        places: list[int] = []
        for found in pattern.finditer(data):
            decoded = decode(found[0])
            if decoded:
                pieces.append(decoded)
                places.append(found.start())
        if not pieces:
            return
        where = [0, *places]

        def line(view: bytes, at: int) -> int:
            return lines(data, where[min(view.count(BETWEEN, 0, at) + 1, len(where) - 1)])

        self.at(BETWEEN.join(pieces), way, line, depth=depth, whole=min(whole, 2), bare=True)
        for piece, place in zip(pieces, places, strict=True):
            self._open(piece, way, place, depth=depth, lines=lambda at: lines(data, at))

    def _open(
        self, data: bytes, way: str, place: int, *, depth: int, lines: Callable[[int], int] = lambda line: line
    ) -> None:
        """Decompressed."""
        for name, magic, unpack in _PACKED:
            if data.startswith(magic):
                opened = unpack(data)
                if opened:
                    line = lines(place)
                    self.at(opened, _in(name, way), lambda _view, _at, line=line: line, depth=depth, whole=2)  # type: ignore[misc]


BETWEEN = b"\n\0\n"
BARE = 3
"""Inside an encoding, a secret is looked for as it is, and as UTF-16."""


def _in(name: str, way: str) -> str:
    return " in ".join(filter(None, (name, way)))


def _find(view: bytes, word: bytes, edged: bool) -> int:
    at = view.find(word)
    while at >= 0 and edged:
        beside = view[max(at - 1, 0) : at] + view[at + len(word) : at + len(word) + 1]
        if not any(bytes([one]).isalnum() for one in beside):
            break
        at = view.find(word, at + 1)
    return at


def _spelled(value: str) -> Iterator[tuple[bytes, str, bool]]:
    raw = value.encode("utf-8", "surrogateescape")
    edged = len(raw) < EDGED
    yield raw, "", edged
    if edged:
        return
    yield value.encode("utf-16-le", "replace"), "utf-16", False
    yield value.encode("utf-16-be", "replace"), "utf-16", False
    yield quote(value, safe="").encode(), "url", False
    yield raw.hex().encode(), "hex", False
    yield raw.hex().upper().encode(), "hex", False
    yield raw[::-1], "reversed", False
    for offset in range(3):
        # The letters at both ends also carry bits of what stands beside.
        letters = base64.b64encode(b"\0" * offset + raw)
        first = (0, 2, 3)[offset]
        inner = letters[first : (offset + len(raw)) * 8 // 6]
        yield inner, "base64", False
        yield inner.translate(bytes.maketrans(b"+/", b"-_")), "base64", False


def _joined(data: bytes) -> bytes:
    """Without YAML's and MIME's line ends: what is split over lines stands in one piece."""
    if b"\n" not in data:
        return data
    return re.sub(rb"[\"']?[ \t]*\\?\r?\n[ \t]*(?:- )?\\?[\"']?", b"", data)


def _unescaped(data: bytes) -> bytes:
    """JSON's, YAML's and Python's escapes."""
    if b"\\" not in data:
        return data
    data = _U_ESCAPES.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "replace"), data)
    data = _HEX_ESCAPES.sub(lambda found: bytes([int(found[1], 16)]), data)
    data = _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), data)
    return _SIMPLE.sub(lambda found: found[1], data)


def _of_html(data: bytes) -> bytes:
    if b"&" not in data:
        return data
    return html.unescape(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _of_url(data: bytes) -> bytes:
    return unquote_to_bytes(data.replace(b"+", b" ")) if b"%" in data or b"+" in data else data


def _of_percent(data: bytes) -> bytes:
    return unquote_to_bytes(data) if b"%" in data else data


def _of_mime(data: bytes) -> bytes:
    if b"=" not in data:
        return data
    return quopri.decodestring(data)


def _of_all(data: bytes) -> bytes:
    """One after the other."""
    for _ in range(2):
        data = _of_html(_of_percent(_unescaped(data)))
    return _joined(_of_mime(data))


_WHOLE: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("escapes", _unescaped),
    ("url", _of_percent),
    ("plus", _of_url),
    ("html", _of_html),
    ("quoted-printable", _of_mime),
    ("split", _joined),
    ("several", _of_all),
)


def _of_base64(data: bytes) -> bytes:
    letters = re.sub(rb"[\s\\=]", b"", data).translate(bytes.maketrans(b"-_", b"+/"))
    # Where a run begins in the middle of a word, one of four starts is right: the needles know three offsets.
    try:
        return base64.b64decode(letters[: len(letters) // 4 * 4] + _rest(letters))
    except (ValueError, binascii.Error):
        return b""


def _rest(letters: bytes) -> bytes:
    rest = letters[len(letters) // 4 * 4 :]
    return b"" if len(rest) < 2 else rest + b"=" * (4 - len(rest))


def _of_hex(data: bytes) -> bytes:
    try:
        return bytes.fromhex(re.sub(rb"[ :]", b"", data).decode())
    except ValueError:
        return b""


def _of_base32(data: bytes) -> bytes:
    letters = data.rstrip(b"=")
    try:
        return base64.b32decode(letters + b"=" * (-len(letters) % 8))
    except (ValueError, binascii.Error):
        return b""


_PARTS: tuple[tuple[re.Pattern[bytes], str, Callable[[bytes], bytes]], ...] = (
    (_BASE64, "base64", _of_base64),
    (_HEX, "hex", _of_hex),
    (_BASE32, "base32", _of_base32),
)


def _opened(wbits: int) -> Callable[[bytes], bytes]:
    def unpack(data: bytes) -> bytes:
        try:
            return zlib.decompressobj(wbits).decompress(data, LIMIT)
        except zlib.error:
            return b""

    return unpack


def _bzip(data: bytes) -> bytes:
    try:
        return bz2.BZ2Decompressor().decompress(data, LIMIT)
    except (OSError, EOFError):
        return b""


def _lzma(data: bytes) -> bytes:
    try:
        return lzma.LZMADecompressor().decompress(data, LIMIT)
    except (lzma.LZMAError, EOFError):
        return b""


def _raw_deflate(data: bytes) -> bytes:
    if not data or data[0] & 6 == 6 or data[:64].isascii() or len(data) > LIMIT:
        return b""
    return _opened(-15)(data)


_PACKED: tuple[tuple[str, bytes, Callable[[bytes], bytes]], ...] = (
    ("gzip", b"\x1f\x8b", _opened(31)),
    ("zlib", b"x", _opened(15)),
    ("deflate", b"", _raw_deflate),
    ("bzip2", b"BZh", _bzip),
    ("xz", b"\xfd7zXZ", _lzma),
)
