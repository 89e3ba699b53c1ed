"""Refresh tokens: what they may ask for."""

from __future__ import annotations

from .flow import Asked, Fault


class Refresh:
    """RFC 6749, 6. That a rotated one is used again is seen by its state, as for everything that is good once."""

    def objects(self, asked: Asked) -> Fault | None:
        """More scope than was granted; a token that was not asked for in the way of the recording."""
        if asked.parts.body("grant_type") != "refresh_token":
            return None
        use, live = next(((u, v) for u, v in asked.shown.items() if "refresh" in v.known.kind), (None, None))
        if live is None or live.scope is None:
            return None
        sent = frozenset((asked.parts.body("scope") or "").split())
        for entry in asked.others:
            # More than what was refused is refused, too.
            if entry.error == "invalid_scope" and entry.grant == "refresh_token" and (entry.requested or {""}) <= sent:
                detail = "asks for a scope that a recorded refresh was refused"
                return Fault(what="scope", detail=detail, use=use, live=live, error="invalid_scope")
        more = sent - live.scope - live.asked
        if more:
            detail = f"asks for {', '.join(sorted(more))}, which was not granted before"
            return Fault(what="scope", detail=detail, use=use, live=live, error="invalid_scope")
        if "offline_access" in live.known.asked | (live.known.scope or set()) and "offline_access" not in live.asked:
            return Fault(what="unproven", detail="its refresh token was got without asking for offline_access")
        return None
