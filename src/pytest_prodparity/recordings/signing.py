"""Requests that are signed with a key which is never sent: AWS Signature Version 4, and the ways of HMAC."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import permutations, product
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from .exchange import Fields, Request
from .parts import Field, Parts, header, take_apart
from .roles import is_signature, looks_timed, plain

_AWS = re.compile(
    r"^AWS4-HMAC-SHA256\s+Credential=([^,\s]+)\s*,\s*SignedHeaders=([^,\s]+)\s*,\s*Signature=([0-9a-f]+)", re.IGNORECASE
)
_HEX = re.compile(
    r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{96}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40})(?![0-9a-fA-F])"
)
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{27,86}={0,2}(?![A-Za-z0-9+/_=-])")
_SIZES = {20: ("sha1",), 32: ("sha256",), 48: ("sha384",), 64: ("sha512",)}
_SEPARATORS = ("", "\n", ".", ":", "|", ",", "&", " ", ";")


@dataclass(frozen=True, kw_only=True, slots=True)
class Aws:
    """A signature of AWS, as the request shows it."""

    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    stamp: str
    """The request's own time, as `20261124T093000Z`."""
    expires: float | None
    """For how many seconds a presigned URL is good."""
    in_query: bool

    @property
    def at(self) -> float | None:
        """When it was signed, in seconds since 1970."""
        try:
            return datetime.strptime(self.stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        except ValueError:
            return None


def aws(parts: Parts) -> Aws | None:
    """The AWS signature of a request; None where it has none, or one that cannot be read."""
    request = parts.request
    held = dict(parse_qsl(urlsplit(request.url).query))
    if "X-Amz-Signature" in held:
        scope, headers, signature = (held.get(f"X-Amz-{n}", "") for n in ("Credential", "SignedHeaders", "Signature"))
        stamp, seconds = held.get("X-Amz-Date", ""), held.get("X-Amz-Expires", "")
        expires = float(seconds) if seconds.isdigit() else None
    else:
        found = _AWS.match(header(request.headers, "authorization") or "")
        if found is None:
            return None
        scope, headers, signature = found.groups()
        stamp, expires = header(request.headers, "x-amz-date") or "", None
    pieces = scope.split("/")
    if len(pieces) < 5:
        return None
    return Aws(
        key_id="/".join(pieces[:-4]),
        date=pieces[-4],
        region=pieces[-3],
        service=pieces[-2],
        signed_headers=tuple(headers.lower().split(";")),
        signature=signature.lower(),
        stamp=stamp,
        expires=expires,
        in_query="X-Amz-Signature" in held,
    )


def aws_signatures(request: Request, shown: Aws, secret: str) -> Iterator[str]:
    """What the signature must be with this key; S3 writes the path once encoded, every other service twice."""
    split = urlsplit(request.url)
    path = split.path or "/"
    paths = (path, quote(unquote(path), safe="/-_.~"), quote(path, safe="/-_.~"))
    query = [
        (quote(n, safe="-_.~"), quote(v, safe="-_.~"))
        for n, v in parse_qsl(split.query, keep_blank_values=True)
        if n != "X-Amz-Signature"
    ]
    asked = "&".join(f"{n}={v}" for n, v in sorted(query))
    headers = "".join(f"{name}:{_held(request, name)}\n" for name in shown.signed_headers)
    key = b"AWS4" + secret.encode()
    for piece in (shown.date, shown.region, shown.service, "aws4_request"):
        key = hmac.new(key, piece.encode(), "sha256").digest()
    for one, payload in product(dict.fromkeys(paths), _payloads(request, shown)):
        canonical = "\n".join((request.method, one, asked, headers, ";".join(shown.signed_headers), payload))
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        scope = f"{shown.date}/{shown.region}/{shown.service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{shown.stamp}\n{scope}\n{digest}"
        yield hmac.new(key, text.encode(), "sha256").hexdigest()


def _held(request: Request, name: str) -> str:
    values = [" ".join(value.split()) for key, value in request.headers if key.lower() == name]
    if not values and name == "host":
        split = urlsplit(request.url)
        default = {"http": 80, "https": 443}.get(split.scheme)
        values = [split.hostname or "" if split.port in (None, default) else f"{split.hostname}:{split.port}"]
    return ",".join(values)


def _payloads(request: Request, shown: Aws) -> tuple[str, ...]:
    told = header(request.headers, "x-amz-content-sha256")
    if told:
        return (told,)
    digest = hashlib.sha256(request.body).hexdigest()
    return ("UNSIGNED-PAYLOAD", digest) if shown.in_query else (digest,)


def aws_is_good(parts: Parts, shown: Aws, secrets: Iterable[str]) -> bool:
    """One of the keys makes this signature, and the body is the one that was signed."""
    told = header(parts.request.headers, "x-amz-content-sha256") or ""
    if len(told) == 64 and told != hashlib.sha256(parts.request.body).hexdigest():
        return False
    return any(
        hmac.compare_digest(made, shown.signature)
        for secret in secrets
        for made in aws_signatures(parts.request, shown, secret)
    )


@dataclass(frozen=True, slots=True)
class Way:
    """One way to compute an HMAC over a request: what is signed, in which order, with what between, by which digest."""

    pieces: tuple[str, ...]
    separator: str
    digest: str

    def sign(self, parts: Parts, secret: str, *, decoded: bool = False) -> bytes | None:
        """The bytes of the signature; None where the request lacks a piece that is signed."""
        held = _pieces(parts)
        if any(name not in held for name in self.pieces):
            return None
        text = self.separator.encode().join(held[name] for name in self.pieces)
        return hmac.new(_key(secret) if decoded else secret.encode(), text, self.digest).digest()


def signatures(parts: Parts) -> Iterator[tuple[Field, str, bytes]]:
    """Each value of a request that may be an HMAC: its field, the part of it that is the digest, and its bytes."""
    for found in parts.fields:
        place, value = found
        named = place.where in ("header", "query", "form", "json") and is_signature(place.name)
        if not (named or (place.where == "authorization" and place.name not in ("bearer", "basic", "digest"))):
            continue
        shown = next((m[0] for m in _HEX.finditer(value)), None)
        if shown is not None:
            yield found, shown, bytes.fromhex(shown)
            continue
        for match in _BASE64.finditer(value):
            try:
                raw = base64.b64decode(match[0].replace("-", "+").replace("_", "/") + "===")
            except binascii.Error:
                continue
            if len(raw) in _SIZES:
                yield found, match[0], raw
                break


def way_of(parts: Parts, raw: bytes, secrets: Iterable[str]) -> tuple[Way, str, bool] | None:
    """How this signature was made: the way, the key, and whether the key is used decoded from base64 or hex."""
    held = _pieces(parts)
    for secret in secrets:
        for decoded in (False, True):
            key = _key(secret) if decoded else secret.encode()
            if decoded and key == secret.encode():
                continue
            for digest in _SIZES.get(len(raw), ()):
                for names, separator in _ways(frozenset(held)):
                    text = separator.encode().join(held[name] for name in names)
                    if hmac.digest(key, text, digest) == raw:
                        return Way(names, separator, digest), secret, decoded
    return None


@cache
def _ways(held: frozenset[str]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Orders of the pieces that a request has: whatever has been seen in the wild has at most one of a kind."""
    kinds = {
        kind: [name for name in sorted(held) if name.partition("-")[0] == kind]
        for kind in ("method", "url", "time", "nonce", "body", "id", "version")
    }
    found: list[tuple[tuple[str, ...], str]] = []
    names = [kind for kind, members in kinds.items() if members]
    for size in range(1, min(len(names), 5) + 1):
        for order in permutations(names, size):
            variants: list[tuple[str, ...]] = [()]
            for kind in order:
                variants = [(*done, member) for done in variants for member in kinds[kind]]
            separators = ("",) if size == 1 else _SEPARATORS if size < 4 else _SEPARATORS[:5]
            found += [(variant, separator) for variant in variants for separator in separators]
            if len(found) > 120_000:
                return tuple(found)
    return tuple(found)


def _pieces(parts: Parts) -> dict[str, bytes]:
    split = urlsplit(parts.request.url)
    body = parts.request.body
    asked = "&".join(
        piece for piece in split.query.split("&") if piece and not is_signature(unquote(piece.partition("=")[0]))
    )
    path = split.path or "/"
    held = {"method-upper": parts.method.encode(), "url-path": path.encode()}
    if asked:
        held["url-path-query"] = f"{path}?{asked}".encode()
        held["url-query"] = asked.encode()
    form = "&".join(
        piece for piece in body.decode("latin-1").split("&") if not is_signature(unquote(piece.partition("=")[0]))
    )
    held["body-raw"] = form.encode("latin-1") if parts.speaks == "form" else body
    held["body-sha256"] = hashlib.sha256(body).hexdigest().encode()
    for place, value in parts.fields:
        name = plain(place.name)
        if place.where not in ("header", "query", "authorization"):
            continue
        if (
            place.where != "authorization" and ("time" in name or name in ("ts", "date")) and looks_timed(value)
        ) or name == "date":
            held.setdefault("time-own", value.encode())
        elif "nonce" in name:
            held.setdefault("nonce-own", value.encode())
        elif name.endswith(("key", "keyid", "clientid", "accessid")) and place.where == "header":
            held.setdefault("id-own", value.encode())
    for _, value in ((f.place, f.value) for f in parts.fields if is_signature(f.place.name)):
        if stamp := re.search(r"(?:^|,)t=(\d{10,13})", value):
            held.setdefault("time-own", stamp[1].encode())
        if value.startswith("v0="):
            held["version-own"] = b"v0"
    return held


def _key(secret: str) -> bytes:
    bare = secret.removeprefix("whsec_")
    try:
        return (
            bytes.fromhex(bare) if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", bare) else base64.b64decode(bare, validate=True)
        )
    except (ValueError, binascii.Error):
        return secret.encode()


def stamp_of(parts: Parts) -> str | None:
    """The time that a signed request carries of itself, as it is written."""
    held = _pieces(parts).get("time-own")
    return None if held is None else held.decode()


def signed_at(parts: Parts) -> float | None:
    """The time that a signed request carries of itself, in seconds since 1970."""
    text = stamp_of(parts)
    if text is None:
        return None
    try:
        number = float(text)
        return number / 1000 if number > 1e11 else number
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    except ValueError:
        return None


def resigned(true: Request, scrubbed: Request, secrets: Mapping[str, str]) -> Request:
    """`scrubbed`, signed as `true` is, but with placeholders for keys.

    `secrets`: true value -> placeholder. `scrubbed` comes back as it is where `true` is not signed in a way that is
    known here. The signature alone is changed; key ids and times are what `scrubbed` carries.
    """
    before, after = take_apart(true), take_apart(scrubbed)
    shown, kept = aws(before), aws(after)
    if shown is not None and kept is not None:
        for secret, placeholder in secrets.items():
            made = list(aws_signatures(true, shown, secret))
            if shown.signature in made:
                again = list(aws_signatures(scrubbed, kept, placeholder))
                return _swapped(scrubbed, kept.signature, again[min(made.index(shown.signature), len(again) - 1)])
        return scrubbed
    old = {found.place: text for found, text, _ in signatures(after)}
    for found, text, raw in signatures(before):
        known = way_of(before, raw, secrets)
        if known is None or found.place not in old:
            continue
        way, secret, decoded = known
        made_again = way.sign(after, secrets[secret], decoded=decoded)
        if made_again is not None:
            return _swapped(scrubbed, old[found.place], written_as(text, made_again))
    return scrubbed


def written_as(pattern: str, raw: bytes) -> str:
    """Bytes in the writing of `pattern`: hex in its case, or base64 in its alphabet and padding."""
    if _HEX.fullmatch(pattern):
        return raw.hex().upper() if pattern.upper() == pattern and pattern.lower() != pattern else raw.hex()
    text = base64.b64encode(raw).decode()
    if "-" in pattern or "_" in pattern:
        text = text.replace("+", "-").replace("/", "_")
    return text if pattern.endswith("=") else text.rstrip("=")


def _swapped(request: Request, old: str, new: str) -> Request:
    quoted, fresh = quote(old, safe=""), quote(new, safe="")
    headers: Fields = tuple((name, value.replace(old, new)) for name, value in request.headers)
    url = request.url.replace(quoted, fresh).replace(old, new)
    body = request.body.replace(quoted.encode(), fresh.encode()).replace(old.encode(), new.encode())
    return replace(request, url=url, headers=headers, body=body)
