"""One test's call: its trips are recorded, and held against production."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import replace

from .core.expectation import Expectation
from .core.findings import Judgement
from .core.levels import Level
from .gate.render import terminal
from .gate.report import TestReport
from .queries import leaks
from .queries.judge import is_allowed, judge
from .queries.leaks import Left
from .queries.planning import Plans
from .queries.recorder import Recorder
from .session import Rehearsal, Session
from .wire.trip import Trip

SETTLE_S = 2.0
"""How long the end of a test waits for trips that nobody waits for."""


class Watch:
    """Records the trips of one test's call and judges them."""

    def __init__(self, session: Session, test: str, expectation: Expectation, rehearsed: Rehearsal | None) -> None:
        self.shares = False
        """The code was given connections or sessions by a fixture, which ends them as it likes."""
        self.later = False
        """Fixtures of the test run code at its end: what is left open is judged after that."""
        self._rehearsed = rehearsed
        self._session = session
        self._test = test
        self._expectation = expectation
        self._recorder = Recorder(session.settings.root)
        self._recorder.start()
        self._started = time.monotonic()
        session.wire.taps.append(self._recorder)

    def stop(self) -> Sequence[Trip]:
        """Record no further; what was recorded."""
        wire = self._session.wire
        if self._recorder in wire.taps:
            wire.settle(time.monotonic() + SETTLE_S)
            wire.taps.remove(self._recorder)
            self._recorder.stop()
        return self._recorder.trips

    @property
    def trips(self) -> Sequence[Trip]:
        """What was recorded so far."""
        return self._recorder.trips

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    def judge(self) -> TestReport:
        """Stop, and hold what was recorded against production."""
        session = self._session
        seconds = self.seconds
        trips = self.stop()
        judgement = self._judged(trips) if session.settings.level > Level.OFF else Judgement()
        outcome = "failed" if judgement.findings else "passed"
        return TestReport(id=self._test, outcome=outcome, judgement=judgement, trips=len(trips), seconds=seconds)

    def _judged(self, trips: Sequence[Trip]) -> Judgement:
        session = self._session
        stored = session.stored
        planner = session.planner(self._expectation) if trips else None
        judgement = judge(
            trips,
            planner=planner if isinstance(planner, Plans) else None,
            profile=stored.profile if stored else None,
            expectation=self._expectation,
            thresholds=session.settings.thresholds,
            test=self._test,
            root=session.settings.root,
            pauses=self._recorder.pauses,
            left_open=self._left_open(trips),
            dropped=self._recorder.dropped,
            growth=session.growth(self._expectation, self._rehearsed),
        )
        findings = tuple(replace(found, replay=self._replay) for found in judgement.findings)
        return replace(judgement, findings=findings)

    def _left_open(self, trips: Sequence[Trip]) -> list[int]:
        if self.shares or self.later or not self._open_ones(trips):
            return []
        self._session.isolation.let_go()
        return self._open_ones(trips)

    def _open_ones(self, trips: Sequence[Trip]) -> list[int]:
        connections = self._session.wire.connections
        return [
            one.number
            for one in connections
            if one.state in ("T", "E") and leaks.keeps(one, trips, test=self._test, started=self._started)
        ]

    def accuse(self, judged: TestReport, left: Sequence[Left]) -> TestReport:
        """With what the test left under way, as far as the code under test is to blame."""
        session = self._session
        accepted = {found.source for found in judged.judgement.allowed if found.rule == "idle-in-transaction"}
        found = [
            replace(each, replay=self._replay)
            for each in leaks.find(
                left, self._recorder.trips, test=self._test, started=self._started, accepted=accepted
            )
            if session.settings.level > Level.OFF and not self.shares
        ]
        allowed = tuple(each for each in found if is_allowed(each, self._expectation.allow))
        failing = tuple(each for each in found if each not in allowed)
        judgement = replace(
            judged.judgement,
            findings=judged.judgement.findings + failing,
            allowed=judged.judgement.allowed + allowed,
        )
        return replace(judged, judgement=judgement)

    @property
    def _replay(self) -> str:
        return f"pytest {shlex.quote(self._test)} --parity-level={self._session.settings.level}"

    def message(self, judged: TestReport) -> str:
        """What stands in place of a traceback."""
        return terminal.failure(judged.judgement.findings, width=100)
