"""Device codes: polled until somebody has agreed, and not faster than the server allows."""

from __future__ import annotations

from .flow import Asked, Fault

_TOLERANCE = 0.05


class Device:
    """RFC 8628. Haste is held against a client only where the recorded server did so: many servers do not mind."""

    def objects(self, asked: Asked) -> Fault | None:
        """A poll before the interval is over, after the server has said slow_down."""
        if asked.entry.grant != "device_code":
            return None
        use, live = next(((u, v) for u, v in asked.shown.items() if u.place.name == "device_code"), (None, None))
        if live is None or "slowed" not in live.bound or not asked.clock.waits_are_real:
            return None
        if asked.clock.now() + _TOLERANCE < float(live.bound["slowed"]):
            return Fault(
                what="spent",
                detail="before the interval after slow_down was over",
                use=use,
                live=live,
                error="slow_down",
            )
        return None
