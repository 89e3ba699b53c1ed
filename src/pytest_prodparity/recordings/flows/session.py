"""Sessions: a cookie is worth what was shown to get it."""

from __future__ import annotations

from .flow import Asked, Fault


class Session:
    """A cookie from before the login is not the cookie after it, whether the server has changed its value or not."""

    def objects(self, asked: Asked) -> Fault | None:
        """A session in which nobody has logged in, where one was logged in while recording."""
        for use, live in asked.shown.items():
            if live.known.outside or not use.backing or use.backing <= live.backing:
                continue
            lacking = ", ".join(sorted(use.backing - live.backing))
            if not live.backing:
                return Fault(
                    what="unknown",
                    detail=f"with {live.known.name} from before the login: {lacking} was not shown",
                    use=use,
                    live=live,
                )
            return Fault(what="unproven", detail=f"its credential was got without {lacking}", use=use, live=live)
        return None
