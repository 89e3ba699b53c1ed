"""A test is run again under each fault, and what it makes of them is held against its clean runs."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from ..core.delta import Delta
from ..core.equality import Column, volatile
from ..core.errors import ProdparityError
from ..core.findings import Finding, Remedy, Source, Untold
from ..core.levels import DIALS, Faults, Level
from ..faults.choice import PRODUCTION, STAGING, Chosen, Target, asked_for, choose, replayed
from ..faults.gates import Learning
from ..faults.oracle import Clean, Oracle, Thresholds, bookkeeping, unlike
from ..faults.places import Call, is_of_tests
from ..faults.pools import kept_by_code
from ..faults.scenario import Replay
from ..fixtures import EXPECTATION
from ..session import Session
from .run import Run, places_of
from .runner import Runner
from .trial import Budget, Swept, Trial

PROGRESS_S = 2.0
"""Seconds from which a sweep says how far it is; then each ten."""


class Sweep:
    """The runs of one test beside the one that counts."""

    def __init__(self, session: Session, item: pytest.Function, budget: Budget, *, say: Callable[[str], None]) -> None:
        self._session = session
        self._item = item
        self._budget = budget
        self._say = say
        self._places = places_of(session, item)
        self.counted = Run(session, item, self._places, None, deadline=0.0)
        """The run that counts; what it asks of services is heard from the beginning."""
        patience = session.settings.thresholds.get("hang", {}).get("seconds", 10.0)
        self._runner = Runner(session, item, self._places, deadline=patience)
        self._began = time.monotonic()
        self._said = self._began + PROGRESS_S
        self._replay = Replay.parse(replay) if (replay := session.settings.replayed_fault) is not None else None
        dial = session.settings.dials.faults
        self._dial: Faults = dial if dial or self._replay is None else DIALS[Level.PRODUCTION].faults
        self._trips: list[str] = []
        """Of the clean run, by token."""

    @property
    def run(self) -> Run | None:
        """Under way, and unheard; None while the run that counts is."""
        return self._runner.run

    def count(self, seconds: float, *, trips: int) -> None:
        """The call of the run that counts has come to a good end, in so many seconds."""
        run = self.counted
        run.called, run.seconds, run.trips = True, seconds, run.trips + trips
        self._runner.deadline += seconds
        with suppress(ProdparityError):
            run.delta = self._session.isolation.delta()

    # --- the clean runs

    def go(self) -> Swept:
        """Everything beside the run that counts, which has passed."""
        if not self.counted.trips:
            return Swept()
        first = self.counted.delta
        learned = self._learn()
        if isinstance(learned, Swept):
            return learned
        assert isinstance(learned.gate, Learning)
        self._trips = [one.identity.token for one in learned.gate.trail.asked]
        targets = self._targets(learned.gate)
        chosen = self._chosen(targets)
        if not chosen.scenarios:
            return Swept(left_out=chosen.left_out)
        if first is None or learned.delta is None:
            return self._cannot("what it changes cannot be told, so nothing can be judged by it")
        steady = self._runner.again(Learning(self._places, self._session.isolation.delta))
        if not steady.passed or steady.delta is None:
            return self._flaky("this test passes and fails when nothing has changed")
        masked = self._volatile(first, learned, steady) | bookkeeping((first, learned.delta))
        if unlike((first, learned.delta), masked) or unlike((first, steady.delta), masked):
            return self._flaky("two clean runs of this test change different rows")
        return self._judged(self._clean(learned), chosen, masked)

    @staticmethod
    def _volatile(first: Delta, learned: Run, steady: Run) -> frozenset[Column]:
        """By what is there in the end, and by what is there on the way to it and goes again."""
        assert isinstance(learned.gate, Learning)
        assert isinstance(steady.gate, Learning)
        ends = [(first, learned.delta), (learned.delta, steady.delta), (learned.start, steady.start)]
        found = [volatile(one, other) for one, other in ends if one is not None and other is not None]
        # Where tasks run at once, how far each has come differs from run to run; that says nothing of the columns.
        known = [one for one in (learned.delta, steady.delta, learned.start, steady.start) if one is not None]
        ways = zip(learned.gate.before, steady.gate.before, strict=False)
        found += [volatile(one, other, ends=known) for one, other in ways if one is not None and other is not None]
        return frozenset().union(*found)

    def _learn(self) -> Run | Swept:
        """A second clean run, in which sequences go on later. Its trips are those of the scenarios."""
        failed: Run | None = None
        for shifts in (True, False):
            gate = Learning(self._places, self._session.isolation.delta)
            run = self._runner.again(gate, shifts=shifts)
            if run.passed:
                asked = gate.trail.asked
                self._places.learn(
                    [one.stack for one in asked if not one.foreign], elsewhere=any(one.foreign for one in asked)
                )
                return run
            failed = run
        third = self._runner.again()
        if third.passed:
            return self._flaky("this test passes and fails when nothing has changed")
        said = failed.raised.name if failed is not None and failed.raised is not None else "its set-up failed"
        return self._cannot(f"it cannot be run twice in one process: the second time {said}")

    def _flaky(self, title: str) -> Swept:
        name = self._item.originalname or self._item.name
        settings = self._session.settings
        return Swept(
            findings=(
                Finding(
                    rule="flaky",
                    title=title,
                    subject=name,
                    test=self._item.nodeid,
                    source=Source(path=self._path, line=self._item.location[1] or 0, function=name),
                    remedy=Remedy(text="take chance, time and order out of the test, or fix them with a seed"),
                    replay=f"pytest {shlex.quote(self._item.nodeid)} --parity-level={settings.level} --parity-seed={settings.seed}",
                ),
            )
        )

    def _cannot(self, why: str) -> Swept:
        return Swept(untold=(Untold(statement="", reason=f"faults: {why}", test=self._item.nodeid),))

    def _clean(self, learned: Run) -> Clean:
        gate = learned.gate
        assert isinstance(gate, Learning)
        assert learned.delta is not None
        calls = gate.trail.calls
        state, states = learned.start, [learned.start]
        before: dict[Call, Delta] = {}
        for asked, looked in zip(gate.trail.asked, gate.before, strict=True):
            if looked is not None:
                state = looked
                states.append(looked)
            before.setdefault(self._places.call(asked.stack), state)
        return Clean(
            calls=tuple(calls),
            before=tuple(before[call] for call in calls),
            states=tuple(states),
            final=learned.delta,
            blind=gate.blind,
            sent=learned.sent,
            known=frozenset(one.digest for one in self.counted.sent),
        )

    # --- what is done to it

    def _targets(self, gate: Learning) -> list[Target]:
        kept = kept_by_code(self._is_code)
        faults = self._item.stash[EXPECTATION].faults
        found = []
        for asked in gate.trail.asked:
            if not (asked.foreign or self._places.under_test(asked.stack)):
                continue
            opener = asked.opener
            own = opener.foreign or (bool(opener.stack) and self._places.under_test(opener.stack))
            if asked.foreign:
                # The test's own patience ends first, and what the other process would do then nobody can tell.
                may_hang = isinstance(faults, tuple)
            else:
                may_hang = asked.protocol != "postgres" or (
                    (kept if opener.pooled or opener.older else own)
                    and not self._budget.hung.intersection(opener.stack[:1])
                )
            # What the test's side keeps from test to test would be missed by the next one.
            may_break = own or opener.pooled or not (faults == "tolerate" or opener.older)
            found.append(Target(asked, may_break=may_break, may_hang=may_hang))
        return found

    def _is_code(self, file: str) -> bool:
        root = str(self._session.settings.root)
        if not file.startswith(root) or "site-packages" in file:
            return False
        return self._places.alone or not is_of_tests(file[len(root) + 1 :].replace("\\", "/"))

    def _chosen(self, targets: list[Target]) -> Chosen:
        faults = self._item.stash[EXPECTATION].faults
        named = asked_for(faults) if isinstance(faults, tuple) else ()
        if self._replay is not None:
            return replayed(targets, self._replay, named)
        if named:
            return choose(targets, named, most=self._dial.scenarios)
        # A connection that a wider fixture keeps is not this test's to lose.
        kept = [one for one in self._session.wire.connections if not self._places.under_test(one.stack)]
        ways = PRODUCTION if self._dial.lasting else STAGING
        return choose(targets, ways, most=self._dial.scenarios, alone=not kept)

    def _judged(self, clean: Clean, chosen: Chosen, masked: frozenset[Column]) -> Swept:
        given = self._session.settings.thresholds.get("retry-storm", {})
        tolerate = self._item.stash[EXPECTATION].faults == "tolerate"
        oracle = Oracle(clean=clean, masked=masked, tolerate=tolerate, thresholds=Thresholds(**given))
        strict = self._dial.lasting or tolerate
        trial = Trial(self._runner, oracle, self._budget, path=self._path, trips=self._trips, strict=strict)
        seconds = min(self._dial.seconds, self._budget.seconds)
        return trial.go(chosen, late=lambda: self.spent > seconds, progress=self._progress)

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._began

    def _progress(self, at: int, of: int) -> None:
        now = time.monotonic()
        if now > self._said:
            self._said = now + 5 * PROGRESS_S
            self._say(f"{self._item.nodeid}: {at} of {of} faults tried")

    @property
    def _path(self) -> str:
        root = self._session.settings.root
        path = self._item.path
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
