"""Signed requests: the signature is computed again with the key that the code was given."""

from __future__ import annotations

from ..signing import Way, aws, aws_is_good, signatures, signed_at, way_of, written_as
from .flow import Asked, Fault

_MOST = 3
_AWS_WINDOW, _S3_WINDOW, _WINDOW = 300.0, 900.0, 300.0


class Signed:
    """AWS Signature Version 4, and HMAC in any way that the recorded request shows."""

    def __init__(self) -> None:
        self._ways: dict[tuple[int, tuple[str, ...]], tuple[Way, bool] | None] = {}
        self._guesses = 0

    def objects(self, asked: Asked) -> Fault | None:
        """No signature, one that the key does not make, or one that is too old."""
        if aws(asked.entry.parts) is not None:
            return self._aws(asked)
        if any(signatures(asked.entry.parts)):
            return self._hmac(asked)
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
            if aws_is_good(asked.entry.parts, recorded, secrets) or any(len(secret) >= 30 for secret in secrets):
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
        window = _S3_WINDOW if shown.service == "s3" else _AWS_WINDOW
        if age is not None and abs(age) > window:
            detail = f"signed {age:+.0f} s from the server's time; {window:.0f} s are allowed"
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
        sent, recorded, at = signed_at(asked.parts), signed_at(asked.entry.parts), asked.entry.at
        if sent is None or recorded is None or at is None or abs(recorded - at) > _WINDOW:
            return None  # the recorded server took an old one, or nobody knows
        age = asked.clock.wall() - sent
        if abs(age) <= _WINDOW:
            return None
        return Fault(what="skew", detail=f"signed {age:+.0f} s from the server's time; {_WINDOW:.0f} s are usual")
