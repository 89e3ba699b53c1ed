"""Content codings: a body as the application reads it."""

from __future__ import annotations

import gzip
import zlib

from .exchange import Fields
from .fields import values

LARGEST = 64 << 20
"""Bytes of a decoded body; a longer one is not decoded."""


class Undecodable(ValueError):
    """The body is torn, too large, or in a coding that is not known here."""


def decoded(fields: Fields, body: bytes) -> bytes:
    """Without gzip, deflate, br and identity. Recorders often store the decoded body and keep the field: then as it is."""
    codings = [part.strip().lower() for field in values(fields, "content-encoding") for part in field.split(",")]
    for coding in reversed(codings):
        if not body or coding in ("", "identity"):
            continue
        if coding in ("gzip", "x-gzip"):
            body = _inflated(body, 31) if body[:2] == b"\x1f\x8b" else body
        elif coding == "deflate":
            body = _deflated(body)
        elif coding == "br":
            body = _brotli(body)
        else:
            raise Undecodable(f"its content coding {coding!r} is not known")
    return body


def _inflated(body: bytes, window: int) -> bytes:
    decoder = zlib.decompressobj(window)
    try:
        plain = decoder.decompress(body, LARGEST)
        while decoder.eof and decoder.unused_data.startswith(b"\x1f\x8b"):  # gzip members, one after the other
            more = zlib.decompressobj(window)
            plain += more.decompress(decoder.unused_data, LARGEST - len(plain))
            decoder = more
    except (zlib.error, gzip.BadGzipFile, ValueError) as torn:
        raise Undecodable(f"it is torn: {torn}") from None
    if decoder.unconsumed_tail:
        raise Undecodable(f"it is more than {LARGEST >> 20} MB when decoded")
    if not decoder.eof:
        raise Undecodable("it is torn: its end is missing")
    return plain


def _deflated(body: bytes) -> bytes:
    """The standard says zlib; some servers send raw deflate."""
    if body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0:
        return _inflated(body, zlib.MAX_WBITS)
    try:
        return _inflated(body, -zlib.MAX_WBITS)
    except Undecodable:
        return body  # decoded when it was recorded


def _brotli(body: bytes) -> bytes:
    if body.lstrip()[:1] in (b"{", b"["):  # decoded when it was recorded; no stream of ours begins so
        return body
    try:
        import brotli
    except ImportError:
        try:
            import brotlicffi as brotli
        except ImportError:
            raise Undecodable('it is coded with br; pip install "brotli" to have it read') from None
    try:
        plain: bytes = brotli.decompress(body)
    except brotli.error as torn:
        raise Undecodable(f"it is torn: {torn}") from None
    return plain
