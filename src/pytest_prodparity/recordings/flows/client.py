"""OAuth clients: how a token request says which client asks. Client credentials need no more than this."""

from __future__ import annotations

from urllib.parse import unquote_plus

from ..learned import oauth_step
from ..parts import Parts, Place
from .basic import USER
from .flow import Asked, Fault


def client_of(parts: Parts) -> str | None:
    """The client id of a request, from its body, its query or Basic."""
    sent = parts.sent("client_id")
    if sent is not None:
        return sent
    user = parts.at.get(USER)
    return None if user is None else unquote_plus(user)


class Client:
    """RFC 6749, 2.3 and 4.4."""

    def objects(self, asked: Asked) -> Fault | None:
        """No client id, or one that no recorded request of this kind carried."""
        if not asked.entry.grant:
            return None
        form = self._form(asked)
        if form is not None:
            return form
        recorded, sent = client_of(asked.entry.parts), client_of(asked.parts)
        if recorded is None or sent == recorded:
            return self._audience(asked)
        if any(client_of(other.parts) == sent for other in asked.others if not other.refusal) and sent is not None:
            return Fault(what="unproven", detail="another client's request was recorded here, not this one's")
        said = "without its client_id" if sent is None else "with a client_id that is not known here"
        return Fault(what="unknown" if sent else "missing", detail=said, error="invalid_client")

    def _form(self, asked: Asked) -> Fault | None:
        recorded, sent = asked.entry.parts, asked.parts
        if asked.entry.grant == "start" or recorded.body("grant_type") is None:
            return None
        if recorded.speaks == "form" and sent.speaks != "form":
            return Fault(what="mismatch", detail="with a body that is no form (RFC 6749, 3.2)", error="invalid_request")
        if recorded.speaks != sent.speaks:
            return Fault(what="unproven", detail="its body has another format than the recorded one")
        same_grant = oauth_step(recorded) == oauth_step(sent)
        if same_grant and recorded.body("grant_type") != sent.body("grant_type"):
            return Fault(
                what="mismatch", detail="with a grant_type that is not the recorded one", error="unsupported_grant_type"
            )
        return None

    def _audience(self, asked: Asked) -> Fault | None:
        if asked.entry.grant == "start" and asked.parts.sent("response_type") != asked.entry.parts.sent(
            "response_type"
        ):
            return Fault(what="unproven", detail="asks for another response_type than the recorded request")
        return None


def same_secret_elsewhere(asked_parts: Parts, place: Place, value: str) -> bool:
    """The client secret stands in the body instead of in Basic, or the other way round: RFC 6749 has both ways."""
    if place.where == "basic":
        return asked_parts.body("client_secret") == value
    return place.name == "client_secret" and asked_parts.at.get(Place("basic", "password")) == value
