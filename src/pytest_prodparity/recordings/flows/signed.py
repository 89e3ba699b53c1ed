"""Signed requests: the signature is computed again with the key that the code was given."""

from __future__ import annotations

from ..parts import Parts
from ..roles import is_signature, plain
from ..signing import Way, aws, aws_is_good, signatures, signed_at, stamp_of, way_of, written_as
from .flow import Asked, Fault

_MOST = 3
_AWS_WINDOW, _WINDOW = 900.0, 300.0


class Signed:
    """AWS Signature Version 4, and HMAC in any way that the recorded request shows."""

    def __init__(self) -> None:
        self._ways: dict[tuple[int, tuple[str, ...]], tuple[Way, bool] | None] = {}
        self._guesses = 0
        self._nonces: dict[str, Parts] = {}

    def objects(self, asked: Asked) -> Fault | None:
        """No signature, one that the key does not make, or one that is too old."""
        if aws(asked.entry.parts) is not None:
            return self._aws(asked)
        issued = {use.place for use in asked.entry.uses}
        if any(found.place not in issued for found, _, _ in signatures(asked.entry.parts)):
            return self._nonce(asked) or self._hmac(asked)
        if any(is_signature(place.name) for place in issued) and _shows_more(asked):
            return Fault(what="unproven", detail="sends Authorization to a signed link, which some servers refuse")
        return None

    def _nonce(self, asked: Asked) -> Fault | None:
        for place, value in asked.parts.fields:
            if place.where not in ("header", "query", "form", "json") or "nonce" not in plain(place.name):
                continue
            before = self._nonces.setdefault(value, asked.parts)
            shown = [entry.parts.at.get(place) for entry in asked.others if not entry.refusal]
            if before is not asked.parts and len(shown) == len(set(shown)):
                return Fault(what="spent", detail=f"with a {place.name} that was sent before")
        return None

    def _aws(self, asked: Asked) -> Fault | None:
        recorded, shown = aws(asked.entry.parts), aws(asked.parts)
        if recorded is None or shown is None:
            return Fault(what="missing", detail="without its AWS signature", error="MissingAuthenticationToken")
        live = asked.purse.find(shown.key_id)
        known = shown.key_id == recorded.key_id or (live is not None and live.state == "good")
        if not known:
            return Fault(what="unknown", detail="with an access key id that is not known", error="InvalidClientTokenId")
        if (shown.region, shown.service) != (recorded.region, recorded.service):
            detail = f"signed for {shown.region}/{shown.service}, recorded for {recorded.region}/{recorded.service}"
            return Fault(what="signature", detail=detail, error="SignatureDoesNotMatch")
        secrets = asked.purse.secrets()
        if not aws_is_good(asked.parts, shown, secrets):
            if aws_is_good(asked.entry.parts, recorded, secrets) or asked.purse.has_aws_key():
                detail = "with a signature that its secret key does not make"
                return Fault(what="signature", detail=detail, error="SignatureDoesNotMatch")
            return Fault(what="unproven", detail="its signature is not checked: the secret key is not known here")
        age = None if shown.at is None else asked.clock.wall() - shown.at
        if shown.expires is not None and age is not None:
            return (
                Fault(what="expired", detail="with a presigned URL that has expired", error="AccessDenied")
                if age > shown.expires
                else None
            )
        if age is not None and abs(age) > _AWS_WINDOW:
            detail = f"signed {age:+.0f} s from the server's time; {_AWS_WINDOW:.0f} s are allowed"
            return Fault(what="skew", detail=detail, error="RequestTimeTooSkewed")
        return None

    def _hmac(self, asked: Asked) -> Fault | None:
        sent = {found.place: (raw, text) for found, text, raw in signatures(asked.parts)}
        secrets = tuple(asked.purse.secrets(telling=True))
        for found, text, raw in signatures(asked.entry.parts):
            if found.place not in sent:
                return Fault(what="missing", detail=f"without a signature in {found.place.name}")
            key = (id(asked.entry), secrets)
            if key not in self._ways:
                known = way_of(asked.entry.parts, raw, secrets)
                self._ways[key] = None if known is None else (known[0], known[2])
            way = self._ways[key]
            got, shown = sent[found.place]
            if written_as(text, got).lower() != shown.lower():
                return Fault(
                    what="signature", detail="with a signature that is written otherwise than the recorded one"
                )
            if way is None:
                return self._guess(asked, got, secrets)
            if not any(way[0].sign(asked.parts, secret, decoded=way[1]) == got for secret in secrets):
                return Fault(what="signature", detail="with a signature that its key does not make")
        return self._late(asked)

    def _guess(self, asked: Asked, raw: bytes, secrets: tuple[str, ...]) -> Fault | None:
        if self._guesses < _MOST:
            if way_of(asked.parts, raw, secrets) is not None:
                return self._late(asked)
            self._guesses += 1
        return Fault(what="unproven", detail="its signature is not checked: how it is made is not known here")

    def _late(self, asked: Asked) -> Fault | None:
        if _digits(asked.parts) != _digits(asked.entry.parts):
            return Fault(what="mismatch", detail="with a timestamp of another unit or form than the recorded one")
        sent, recorded, at = signed_at(asked.parts), signed_at(asked.entry.parts), asked.entry.at
        if sent is None or recorded is None or at is None or abs(recorded - at) > _WINDOW:
            return None  # the recorded server took an old one, or nobody knows
        age = asked.clock.wall() - sent
        if abs(age) <= _WINDOW:
            return None
        return Fault(what="skew", detail=f"signed {age:+.0f} s from the server's time; {_WINDOW:.0f} s are usual")


def _digits(parts: Parts) -> int:
    """How long the request's own time is, if it is a number: 10 for seconds, 13 for milliseconds."""
    stamp = stamp_of(parts)
    return len(stamp.partition(".")[0]) if stamp and stamp[:1].isdigit() and stamp.replace(".", "").isdigit() else 0


def _shows_more(asked: Asked) -> bool:
    shown = {place.where for place, _ in asked.parts.fields}
    recorded = {place.where for place, _ in asked.entry.parts.fields}
    return bool((shown - recorded) & {"authorization", "basic"})
