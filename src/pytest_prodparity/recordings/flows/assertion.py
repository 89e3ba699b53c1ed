"""Tokens that the client signs itself: assertions at a token endpoint, and bearer tokens of a service account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..jwt import HMACS, Token, key_of, read, unpacked
from ..parts import Parts
from .flow import Asked, Fault

_NAMES = ("client_assertion", "assertion")
_LEEWAY = 60.0


class Assertion:
    """RFC 7523. The signature is verified where the key is one that the code was given."""

    def __init__(self) -> None:
        self._seen: dict[str, Parts] = {}

    def objects(self, asked: Asked) -> Fault | None:
        """No assertion, one with other claims, one that is over, or one that was sent before."""
        if not asked.entry.grant:
            return None
        for name in _NAMES:
            recorded, sent = asked.entry.parts.body(name), asked.parts.body(name)
            error = "invalid_client" if name == "client_assertion" else "invalid_grant"
            if recorded is None:
                continue
            if sent is None:
                return Fault(what="missing", detail=f"without {name}", error=error)
            token = read(recorded)
            if token is None:
                return None if sent == recorded else Fault(what="unproven", detail=f"its {name} is not checked")
            fault = self.against(token, sent, asked, error=error) or self.signature(recorded, sent, asked, error)
            if fault is not None:
                return fault
        return None

    def against(self, recorded: Token, value: str, asked: Asked, *, error: str = "") -> Fault | None:
        """A token that this client has signed, held against the recorded one."""
        token = read(value)
        if token is None:
            return Fault(what="unknown", detail="with a value where a signed token belongs", error=error)
        for part, names in ((token.head, ("alg", "kid")), (token.claims, ("iss", "sub", "aud", "scope", "azp"))):
            source = recorded.head if part is token.head else recorded.claims
            for name in names:
                if part.get(name) != source.get(name):
                    said = (
                        f"with a signed token without {name}"
                        if name not in part
                        else f"with a signed token of another {name}"
                    )
                    return Fault(what="mismatch", detail=said, error=error)
        return self._times(recorded, token, asked, error)

    def _times(self, recorded: Token, token: Token, asked: Asked, error: str) -> Fault | None:
        wall = asked.clock.wall()
        until, since = token.when("exp"), token.when("iat")
        if until is None and recorded.when("exp") is not None:
            return Fault(what="mismatch", detail="with a signed token without exp", error=error)
        if until is not None and until + _LEEWAY < wall:
            return Fault(
                what="expired", detail=f"with a signed token that expired {wall - until:.0f} s ago", error=error
            )
        if since is not None and since > wall + 300:
            return Fault(what="skew", detail="with a signed token from the future", error=error)
        jti = token.claims.get("jti")
        if isinstance(jti, str):
            before = self._seen.setdefault(jti, asked.parts)
            if before is not asked.parts and self._once(asked):
                return Fault(what="spent", detail="with a signed token whose jti was used before", error=error)
        return None

    def _once(self, asked: Asked) -> bool:
        """A client that mints anew for each request shows it by another jti each time; at least two have to be seen."""
        shown = [
            token.claims.get("jti")
            for entry in asked.others
            for name in _NAMES
            if (token := read(entry.parts.body(name) or "")) is not None
        ]
        return len(shown) == len(set(map(str, shown))) and (
            bool(asked.entry.parts.body("client_assertion")) or len(shown) > 1
        )

    def signature(self, recorded: str, value: str, asked: Asked, error: str = "") -> Fault | None:
        """A signature that no known key makes is wrong if one of them has made the recorded one."""
        old, token, secrets = read(recorded), read(value), asked.purse.secrets()
        if old is None or token is None:
            return None
        good = _made_alike(recorded, value, secrets) if token.head.get("alg") in HMACS else None
        if good is None:
            good = verified(token, value, secrets)
            if good is False and not verified(old, recorded, secrets):
                return Fault(what="unproven", detail="its signed token is not checked: its key is not known here")
        if good is False:
            return Fault(what="signature", detail="with a signature that its key does not make", error=error)
        return None if error else _longer(old, token)


def _longer(recorded: Token, token: Token) -> Fault | None:
    """Servers limit for how long such a token may be good (RFC 7523, 3); how much they allow is not in a recording."""
    before, now = _lifetime(recorded), _lifetime(token)
    if before is None or now is None or now <= before + _LEEWAY:
        return None
    detail = f"its signed token lives for {now:.0f} s, the recorded one for {before:.0f} s, and servers limit that"
    return Fault(what="unproven", detail=detail)


def _made_alike(recorded: str, value: str, secrets: Iterable[str]) -> bool | None:
    """Whether the secret that made the recorded signature made this one in the same way; None where none did."""
    right = {secret: way for secret in secrets if (way := key_of(recorded, secret)) is not None}
    return any(key_of(value, secret) == way for secret, way in right.items()) if right else None


def _lifetime(token: Token) -> float | None:
    until, since = token.when("exp"), token.when("iat")
    return None if until is None or since is None else until - since


def verified(token: Token, value: str, secrets: Iterable[str]) -> bool | None:
    """Whether one of the keys made the signature; None where no key of the right kind is known."""
    signed, _, signature = value.rpartition(".")
    try:
        raw = unpacked(signature)
    except ValueError:
        return False
    algorithm = str(token.head.get("alg"))
    if algorithm in HMACS:
        keys = list(secrets)
        return any(key_of(value, key) is not None for key in keys) if keys else None
    pems = [key for key in secrets if "PRIVATE KEY-----" in key]
    answers = [answer for pem in pems if (answer := _verified_with(pem, algorithm, signed.encode(), raw)) is not None]
    return any(answers) if answers else None


def _verified_with(pem: str, algorithm: str, signed: bytes, raw: bytes) -> bool | None:
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    except ImportError:
        return None  # then the code that signed with this key could not either
    try:
        key: Any = serialization.load_pem_private_key(pem.replace("\\n", "\n").encode(), None)
    except (ValueError, TypeError):
        return None
    sizes: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
    digest = sizes.get(algorithm[-3:])
    if digest is None:
        return None
    try:
        if isinstance(key, rsa.RSAPrivateKey) and algorithm[:2] in ("RS", "PS"):
            scheme: Any = padding.PKCS1v15()
            if algorithm[:2] == "PS":
                scheme = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
            key.public_key().verify(raw, signed, scheme, digest)
        elif isinstance(key, ec.EllipticCurvePrivateKey) and algorithm.startswith("ES"):
            half = len(raw) // 2
            whole = encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))
            key.public_key().verify(whole, signed, ec.ECDSA(digest))
        else:
            return None
    except InvalidSignature:
        return False
    return True
