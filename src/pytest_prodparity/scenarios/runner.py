"""Runs one test again and again, unheard."""

from __future__ import annotations

import time

import pytest

from ..faults.gates import Armed, Learning
from ..faults.places import Places
from ..session import Session
from ..wire.processes import is_another
from .again import again
from .run import Run

PAUSES = (0.0, 0.0, 0.5, 2.0)
"""Seconds before each clean run after a fault; one good run ends them. A circuit breaker stays open for a while."""


class Runner:
    """`run` is the one under way; None while none is, or the one that counts."""

    def __init__(self, session: Session, item: pytest.Function, places: Places, *, deadline: float) -> None:
        self.session = session
        self.item = item
        self.places = places
        self.deadline = deadline
        """Seconds that a call may take."""
        self.run: Run | None = None

    def again(self, gate: Learning | Armed | None = None, *, shifts: bool = False) -> Run:
        """One more run; with `shifts`, sequences go on later in it."""
        made = Run(self.session, self.item, self.places, gate, deadline=self.deadline)
        made.shifts = shifts
        self.run = made
        try:
            again(self.item)
        finally:
            self.run = None
            made.leaks = tuple(left for _, left in self.session.isolation.facts()["leaks"])
        return made

    def unrecovered(self) -> str | None:
        """What clean runs still end with; None where one of them is a good one. What waits before it tries gets some time."""
        said = None
        for pause in PAUSES:
            time.sleep(pause)
            run = self.again()
            if run.passed:
                return None
            said = f"it still fails, with {run.raised.name}" if run.raised is not None else "its set-up fails"
        return said

    def heal(self) -> bool:
        """Give the code under test new connections; whether it is well again then."""
        self.session.wire.hang_up(
            lambda one: is_another(one.actor) or (bool(one.stack) and self.places.under_test(one.stack))
        )
        return self.unrecovered() is None
