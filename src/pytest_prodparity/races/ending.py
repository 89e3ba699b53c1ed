"""Ends a schedule that does not come to its end: statements fail, waits are woken, and at last connections are cut."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .actors import Actor

if TYPE_CHECKING:
    from ..wire.proxy import Wire
    from .schedule import Schedule

_GENTLY_S = 2.0
_ROUGHLY_S = 1.0
_AGAIN_S = 0.02
_WAKES_S = 0.25
_FIRST_S = 0.02
"""Those whose statement has failed unwind by themselves."""


def end(schedule: Schedule, wire: Wire) -> list[Actor]:
    """Returns the actors that could not be ended, each of which has a note."""
    turnstile = schedule.turnstile
    with turnstile.cond:
        turnstile.end()
        turnstile.cond.notify_all()
    began = time.monotonic()
    if not _until_over(schedule, began, began + _GENTLY_S):
        backends = schedule.ground.backends()
        used = set(turnstile.traffic)
        schedule.ground.watching.cancel([pid for number, pid in backends.items() if number in used], terminate=True)
        wire.hang_up(lambda one: one.number in used)
        _until_over(schedule, began, time.monotonic() + _ROUGHLY_S)
    left = [actor for actor in schedule.actors if actor.begun and not actor.over]
    for actor in left:
        frame = actor.frame()
        where = f", in {frame.f_code.co_qualname} (line {frame.f_lineno})" if frame is not None else ""
        schedule.notes.append(f"{actor.name} could not be ended{where}")
    return left


def _until_over(schedule: Schedule, began: float, deadline: float) -> bool:
    turnstile = schedule.turnstile
    woken: dict[int, float] = {}
    while time.monotonic() < deadline:
        backends = schedule.ground.backends()
        with turnstile.cond:
            left = [actor for actor in schedule.actors if actor.begun and not actor.over]
            if not left and not turnstile.flights:
                return True
            flights = list(turnstile.flights.values())
        schedule.rest.blocking(flights)
        waits = [backends[one.wire] for one in flights if one.blocked and one.wire in backends]
        schedule.ground.watching.cancel(waits)
        sends = {one.actor for one in flights}
        now = time.monotonic()
        for actor in left:
            # Not at every look: it is on its way out, and rolls back.
            if actor.index not in sends and now - woken.get(actor.index, began - _WAKES_S + _FIRST_S) > _WAKES_S:
                woken[actor.index] = now
                actor.interrupt()
        with turnstile.cond:
            turnstile.cond.wait(_AGAIN_S)
    return False
