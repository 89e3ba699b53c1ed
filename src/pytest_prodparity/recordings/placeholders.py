"""What stands in a cassette for a secret: of the same shape, and told from a real one at sight."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import string
from collections.abc import Iterator

PREFIX = re.compile(r"(?:[A-Za-z]{2,6}[_-])(?:(?:live|test|prod|pat)[_-])?|AKIA|ASIA|AIza")
"""What vendors begin their keys with, and their libraries check."""
JWT = re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{6,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_ATTEMPTS = 200
_LATIN_SMALL, _LATIN_LARGE = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþßÿ", "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ"
_BEYOND = {
    2: [*range(0x3B1, 0x3C2), *range(0x430, 0x450)],
    3: range(0x4E00, 0x9F00),
    4: range(0x20000, 0x2A000),
}
"""Letters that Latin-1 does not have, by the bytes that UTF-8 needs for them."""
_ONCE = ("jti", "sid")
"""Claims by which a session is known."""


def placeholder(value: str, kind: str, number: int) -> str:
    """The `number`th of its kind: same length, same classes of characters, the kind at its beginning where there is room.

    It follows from kind, number and shape alone, so nothing of the value can be found from it.
    """
    if JWT.fullmatch(value):
        made = _jwt(value, kind, number)
        if made is not None:
            return made
    prefix = found[0] if (found := PREFIX.match(value)) and len(found[0]) * 3 <= len(value) else ""
    rest = value[len(prefix) :]
    if not value.isascii():
        return prefix + _beyond_ascii(rest, kind, number)
    stream = _stream(f"{kind}\x1f{number}")
    if _UUID.fullmatch(rest):
        head = "".join(_like(letter, stream, string.hexdigits[:16]) for letter in rest)
        return prefix + head[:14] + "4" + head[15:]
    if re.fullmatch(r"[0-9a-f]{8,}|[0-9A-F]{8,}", rest) and not rest.isdigit():
        digits = "0123456789abcdef" if rest.lower() == rest else "0123456789ABCDEF"
        return prefix + "".join(digits[next(stream) % 16] for _ in rest)
    body = _letters(rest, stream)
    return prefix + "".join(_with_word(rest, body, f"{kind}{number}"))


def _letters(value: str, stream: Iterator[int]) -> list[str]:
    """Letter by letter; what reads as a percent-escape stays, so that it still does."""
    body: list[str] = []
    for index, letter in enumerate(value):
        escape = any(_ESCAPE.match(value, start) for start in range(max(0, index - 2), index + 1))
        body.append(letter if escape else _like(letter, stream))
    return body


def _beyond_ascii(value: str, kind: str, number: int) -> str:
    """With letters of the same encodings, and such that base64 needs its two marks where it needed them."""
    for attempt in range(_ATTEMPTS):
        made = "".join(_letters(value, _stream(f"{kind}\x1f{number}\x1f{attempt}")))
        if _marked(made) == _marked(value):
            break
    return made


def _marked(value: str) -> list[bool]:
    """Whether base64 needs `+` or `/`, wherever in a group of three the value begins."""
    data = value.encode("utf-8", "surrogateescape")
    found = [base64.b64encode(b":" * before + data) for before in range(3)]
    return [b"+" in one or b"/" in one for one in found]


def _with_word(value: str, body: list[str], kind: str) -> list[str]:
    """The kind over the first characters, in the cases that the value has."""
    word = re.sub(r"[^a-z0-9]", "", kind.lower())
    letters = [letter for letter in value if letter.isascii() and letter.isalpha()]
    if len(value) < len(word) + 6 or len(letters) < len(word):
        return body
    shaped = word if any(letter.islower() for letter in letters) else word.upper()
    if all(letter.isascii() and (letter.isalnum() or letter in "+/=_-.~") for letter in value):
        return [*shaped, *body[len(shaped) :]]
    return body


def _like(letter: str, stream: Iterator[int], hexadecimal: str = "") -> str:
    if hexadecimal and letter in string.hexdigits:
        return hexadecimal[next(stream) % 16].upper() if letter.isupper() else hexadecimal[next(stream) % 16]
    for alphabet in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
        if letter in alphabet:
            return alphabet[next(stream) % len(alphabet)]
    if letter.isascii() or not letter.isalpha():
        return letter
    for alphabet in (_LATIN_SMALL, _LATIN_LARGE):
        if letter in alphabet:
            return alphabet[next(stream) % len(alphabet)]
    others = _BEYOND.get(len(letter.encode("utf-8", "surrogatepass")), (ord(letter),))
    return chr(others[(next(stream) << 8 | next(stream)) % len(others)])


def _stream(seed: str) -> Iterator[int]:
    block = 0
    while True:
        yield from hashlib.sha256(f"{seed}\x1f{block}".encode()).digest()
        block += 1


def _jwt(value: str, kind: str, number: int) -> str | None:
    """Header and claims stay, the signature does not; None where it is no JWT."""
    head, claims, signature = value.split(".")
    try:
        decoded = json.loads(unpadded(claims))
        json.loads(unpadded(head))
    except (ValueError, binascii.Error):
        return None
    if not isinstance(decoded, dict):
        return None
    for name in _ONCE:
        if isinstance(decoded.get(name), str):
            decoded[name] = placeholder(decoded[name], f"{kind}{name}", number)
            claims = padless(json.dumps(decoded, separators=(",", ":"), ensure_ascii=False).encode())
    stream = _stream(f"{kind}\x1f{number}\x1fsignature")
    letters = string.ascii_letters + string.digits
    # The last letter of 256 bits is one of sixteen; "A" is always right.
    made = "".join(letters[next(stream) % len(letters)] for _ in signature[:-1]) + "A"
    return f"{head}.{claims}.{made}"


def unpadded(text: str) -> bytes:
    """base64url without its padding, decoded."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def padless(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def challenge(verifier: str) -> str:
    """PKCE's S256 of a verifier (RFC 7636, 4.2)."""
    return padless(hashlib.sha256(verifier.encode()).digest())
