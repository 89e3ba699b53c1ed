"""HTTP Basic: the user must be the one whose password this is."""

from __future__ import annotations

from urllib.parse import unquote_plus

from ..parts import Place
from .flow import Asked, Fault

USER, PASSWORD = Place("basic", "user"), Place("basic", "password")


class Basic:
    """RFC 7617."""

    def objects(self, asked: Asked) -> Fault | None:
        """Another user name with a good password."""
        recorded, sent = asked.entry.parts.at.get(USER), asked.parts.at.get(USER)
        if asked.entry.grant or recorded is None or sent is None or unquote_plus(sent) == unquote_plus(recorded):
            return None
        use = next((use for use in asked.shown if use.place == PASSWORD), None)
        return (
            None
            if use is None
            else Fault(what="unknown", detail="with a user name that this password is not for", use=use)
        )
