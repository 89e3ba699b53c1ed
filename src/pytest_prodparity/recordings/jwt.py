"""JSON Web Tokens of a recording, made again: with today's times, and a key of the replay where clients verify them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core.extras import extra

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")
TIMES = ("exp", "iat", "nbf", "auth_time")
_HASHED = {"at_hash": "access_token", "c_hash": "code", "s_hash": "state"}
HMACS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_DIGESTS = {"256": "sha256", "384": "sha384", "512": "sha512"}
_CURVES = {"256": ("P-256", 32), "384": ("P-384", 48), "512": ("P-521", 66)}


def packed(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """The bytes of base64url with or without padding; ValueError where it is none."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as cause:
        raise ValueError(str(cause)) from cause


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What a JWT says."""

    head: Mapping[str, Any]
    claims: Mapping[str, Any]
    signature: str = field(repr=False)

    @property
    def scope(self) -> frozenset[str] | None:
        """The scopes that it carries; None where it says nothing of them."""
        for name in ("scope", "scp", "scopes"):
            held = self.claims.get(name)
            if isinstance(held, str):
                return frozenset(held.split())
            if isinstance(held, list):
                return frozenset(map(str, held))
        return None

    def when(self, claim: str) -> float | None:
        """A claim that is a time, in seconds since 1970."""
        held = self.claims.get(claim)
        return float(held) if isinstance(held, int | float) and not isinstance(held, bool) else None


def read(value: str) -> Token | None:
    """A JWT taken apart; None where the value is none. Nothing is verified."""
    pieces = value.split(".")
    if len(pieces) != 3 or not value.startswith("eyJ"):
        return None
    try:
        head, claims = (json.loads(unpacked(piece)) for piece in pieces[:2])
    except (ValueError, RecursionError):
        return None
    if not isinstance(head, dict) or not isinstance(claims, dict) or "alg" not in head:
        return None
    return Token(head=head, claims=claims, signature=pieces[2])


def half_hash(value: str, algorithm: str) -> str:
    """OpenID Connect's at_hash and c_hash: the left half of the digest that goes with the signature's algorithm."""
    digest = hashlib.new(_DIGESTS.get(algorithm[-3:], "sha256"), value.encode()).digest()
    return packed(digest[: len(digest) // 2])


def key_of(value: str, secret: str) -> str | None:
    """How a secret is the key that made a token's HMAC signature: `text`, `base64` or `hex`; None where it is not."""
    token = read(value)
    digest = None if token is None else HMACS.get(str(token.head.get("alg")))
    if token is None or digest is None:
        return None
    signed = value.rpartition(".")[0].encode()
    for way, key in _keys(secret).items():
        if hmac.compare_digest(packed(hmac.digest(key, signed, digest)), token.signature.rstrip("=")):
            return way
    return None


def signed_with(value: str, secret: str, way: str) -> str:
    """A token with its HMAC signature made again; unchanged where the secret is no key of this way."""
    token, key = read(value), _keys(secret).get(way)
    digest = None if token is None else HMACS.get(str(token.head.get("alg")))
    if digest is None or key is None:
        return value
    signed = value.rpartition(".")[0]
    return f"{signed}.{packed(hmac.digest(key, signed.encode(), digest))}"


def _keys(secret: str) -> dict[str, bytes]:
    found = {"text": secret.encode("utf-8", "surrogateescape")}
    for way, decode in (("base64", base64.b64decode), ("base64url", unpacked), ("hex", bytes.fromhex)):
        try:
            key = decode(secret)
        except ValueError:
            continue
        if key:
            found[way] = key
    return found


class Mint:
    """Signs tokens with keys of its own, one for each key id and algorithm, and shows them in recorded key sets.

    Without a key set in the recording nobody can verify a signature here, so the recorded one is kept, and the package
    `cryptography` is not needed.
    """

    def __init__(self, *, verified: bool, secrets: Sequence[str] = ()) -> None:
        self._verified = verified
        self._secrets = tuple(secrets)
        self._keys: dict[tuple[str, str], RSAPrivateKey | EllipticCurvePrivateKey] = {}

    def made_again(
        self, token: Token, *, shift: float, swaps: Callable[[str], str], beside: Mapping[str, str], fresh: str = ""
    ) -> str:
        """The token as the server would issue it now.

        `shift`: seconds to add to its times. `swaps`: puts the client's own values in place of the recorded ones.
        `beside`: what is issued with it, for the hashes of it. `fresh`: told apart from the recorded one by this.
        """
        claims = json.loads(swaps(json.dumps(token.claims)))
        algorithm = str(token.head["alg"])
        for claim in TIMES:
            if (when := token.when(claim)) is not None:
                claims[claim] = int(when + shift)
        for claim, name in _HASHED.items():
            if claim in claims and name in beside:
                claims[claim] = half_hash(beside[name], algorithm)
        if fresh:
            claims["jti"] = f"{claims.get('jti', 'again')}-{fresh}"
        signed = ".".join(packed(json.dumps(part, separators=(",", ":")).encode()) for part in (token.head, claims))
        return (
            f"{signed}.{self._signature(signed.encode(), algorithm, str(token.head.get('kid', '')), token.signature)}"
        )

    def key_set(self, document: Any) -> Any:
        """A recorded JWKS with the public halves of our keys in the place of the recorded ones."""
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list):
            return document
        return {**document, "keys": [self._shown(key) if isinstance(key, dict) else key for key in keys]}

    def _shown(self, key: dict[str, Any]) -> dict[str, Any]:
        algorithm = str(key.get("alg") or {"RSA": "RS256", "EC": _of_curve(key)}.get(str(key.get("kty")), ""))
        if key.get("use") == "enc" or algorithm[:2] not in ("RS", "PS", "ES") or algorithm == "ES256K":
            return key
        own = self._key(algorithm, str(key.get("kid", "")))
        kept: dict[str, Any] = {name: key[name] for name in ("kid", "alg", "use", "key_ops") if name in key}
        numbers: Any = own.public_key().public_numbers()
        if algorithm.startswith("ES"):
            curve, size = _CURVES[algorithm[-3:]]
            point = {"x": packed(numbers.x.to_bytes(size)), "y": packed(numbers.y.to_bytes(size))}
            return {**kept, "kty": "EC", "crv": curve, **point}
        return {**kept, "kty": "RSA", "n": packed(numbers.n.to_bytes(256)), "e": packed(numbers.e.to_bytes(3))}

    def _key(self, algorithm: str, kid: str) -> Any:
        family = "EC" + algorithm[-3:] if algorithm.startswith("ES") else "RSA"
        if (family, kid) not in self._keys:
            with extra("pytest-prodparity[jwt]", needed_for=f"Replaying tokens that the code verifies ({algorithm})"):
                from cryptography.hazmat.primitives.asymmetric import ec, rsa
            curves: dict[str, type[ec.EllipticCurve]] = {"256": ec.SECP256R1, "384": ec.SECP384R1, "512": ec.SECP521R1}
            self._keys[family, kid] = (
                rsa.generate_private_key(65537, 2048)
                if family == "RSA"
                else ec.generate_private_key(curves[family[2:]]())
            )
        return self._keys[family, kid]

    def _signature(self, signed: bytes, algorithm: str, kid: str, recorded: str) -> str:
        kind, size = algorithm[:2], algorithm[-3:]
        if kind == "HS" and len(self._secrets) == 1 and size in _DIGESTS:
            return packed(hmac.new(self._secrets[0].encode(), signed, _DIGESTS[size]).digest())
        if not self._verified or kind not in ("RS", "PS", "ES") or size not in _DIGESTS:
            return recorded
        key = self._key(algorithm, kid)
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, padding
        from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

        digest: hashes.HashAlgorithm = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[size]
        if kind == "ES":
            width = _CURVES[size][1]
            numbers = decode_dss_signature(key.sign(signed, ec.ECDSA(digest)))
            return packed(b"".join(number.to_bytes(width) for number in numbers))
        scheme = padding.PKCS1v15() if kind == "RS" else padding.PSS(padding.MGF1(digest), digest.digest_size)
        return packed(key.sign(signed, scheme, digest))


def _of_curve(key: Mapping[str, Any]) -> str:
    return {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}.get(str(key.get("crv")), "")
