"""Scopes: what a token may do, held against what the recorded tokens of the endpoint could."""

from __future__ import annotations

import re

from ..parts import Parts
from .flow import Asked, Fault

_IDENTITY = frozenset({"profile", "email", "phone", "address", "offline_access", "offline"})
_READS = re.compile(r"(^|[:._/-])(read|readonly|view|list|get|ro)([:._/-]|$)", re.IGNORECASE)
_WRITES = re.compile(r"(write|admin|manage|create|update|delete|edit|post|rw|send|modify|full)", re.IGNORECASE)


class Scopes:
    """RFC 6750, 3.1: insufficient_scope."""

    def objects(self, asked: Asked) -> Fault | None:
        """A token that may do less than every token with which this endpoint was recorded."""
        if asked.entry.grant:
            return None
        for use, live in asked.shown.items():
            if use.place.where not in ("authorization", "header", "query") or live.known.kind == "code":
                continue
            if use.scope is None or live.scope is None or live.known.outside:
                continue
            needs = [
                other.scope
                for entry in asked.others
                if not entry.refusal
                for other in entry.uses
                if other.scope is not None and other.place == use.place
            ]
            other = _other_audience(live.scope, needs)
            if other:
                detail = f"with a token that was asked for {other}, which was never recorded here"
                return Fault(what="scope", detail=detail, use=use, live=live)
            lacking = min((need - live.scope for need in needs), key=len, default=frozenset())
            if not lacking:
                continue
            if _enough(asked.parts, live.scope, lacking):
                return Fault(
                    what="unproven", detail=f"its token lacks {_listed(lacking)}, which may not be needed here", use=use
                )
            detail = f"with a token without {_listed(lacking)}; it is proven only with it"
            return Fault(what="scope", detail=detail, use=use, live=live, missing_scope=lacking)
        return None


def _enough(parts: Parts, held: frozenset[str], lacking: frozenset[str]) -> bool:
    """What is lacking is about who the user is, or it writes and this only reads, or the other way round."""
    rest = lacking - _IDENTITY
    if "openid" in rest and "userinfo" not in parts.path and "/me" not in parts.path:
        rest -= {"openid"}
    if not rest:
        return True
    if parts.method in ("GET", "HEAD"):
        return all(_WRITES.search(s) for s in rest) and any(_READS.search(s) for s in held)
    return all(_READS.search(s) for s in rest) and any(_WRITES.search(s) for s in held)


def _other_audience(held: frozenset[str], needs: list[frozenset[str]]) -> str:
    asked = {scope for scope in held if scope.startswith(("resource=", "audience="))}
    return ", ".join(sorted(asked)) if asked and not any(asked <= need for need in needs) else ""


def _listed(scopes: frozenset[str]) -> str:
    return ", ".join(sorted(scopes))
