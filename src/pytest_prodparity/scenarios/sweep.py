"""A test is run again under each fault, and what it makes of them is held against its clean runs."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from ..core.delta import Delta
from ..core.equality import Column, volatile
from ..core.errors import ProdparityError
from ..core.findings import Finding, Remedy, Source, Untold
from ..core.levels import DIALS, Faults, Level
from ..faults.choice import PRODUCTION, STAGING, Chosen, Target, asked_for, choose, replayed
from ..faults.gates import Armed, Learning
from ..faults.oracle import SILENCE, Clean, Faulted, Oracle, Thresholds, Verdict, bookkeeping, unlike
from ..faults.places import Call, reported
from ..faults.pools import kept_by_code
from ..faults.scenario import Replay, Scenario
from ..faults.wording import cause_of, finding, named
from ..fixtures import EXPECTATION
from ..gate.report import ScenarioReport
from ..session import Session
from .again import again
from .run import SETTLE_S, Run, places_of

ENDED = 2
"""Scenarios that had to be ended, after which a test is put through no more: the others would take as long."""
PROGRESS_S = 2.0
"""Seconds from which a sweep says how far it is; then each ten."""


@dataclass
class Budget:
    """Of a whole run."""

    seconds: float
    hung: set[str] = field(default_factory=set)
    """Lines that opened connections which wait for ever."""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What came of it."""

    findings: tuple[Finding, ...] = ()
    untold: tuple[Untold, ...] = ()
    scenarios: tuple[ScenarioReport, ...] = ()
    left_out: int = 0


class Sweep:
    """The runs of one test beside the one that counts."""

    def __init__(self, session: Session, item: pytest.Function, budget: Budget, *, say: Callable[[str], None]) -> None:
        self.run: Run | None = None
        """Under way, and unheard; None while the run that counts is."""
        self.counted: Run
        """The run that counts; what it asks of services is heard from the beginning."""
        self._session = session
        self._item = item
        self._budget = budget
        self._say = say
        self._places = places_of(session, item)
        self.counted = Run(session, item, self._places, None, deadline=0.0)
        self._began = time.monotonic()
        self._said = self._began + PROGRESS_S
        self._replay = Replay.parse(session.settings.replay) if session.settings.replay is not None else None
        dial = session.settings.dials.faults
        self._dial: Faults = dial if dial or self._replay is None else DIALS[Level.PRODUCTION].faults
        self._trips: list[str] = []
        """Of the clean run, by token."""
        self._deadline = session.settings.thresholds.get("hang", {}).get("seconds", 10.0)

    def count(self, seconds: float) -> None:
        """The call of the run that counts has come to a good end, in so many seconds."""
        run = self.counted
        run.called, run.seconds = True, seconds
        with suppress(ProdparityError):
            run.delta = self._session.isolation.delta()

    # --- the clean runs

    def go(self) -> Swept:
        """Everything beside the run that counts, which has passed."""
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
        masked = volatile(first, learned.delta)
        if unlike((first, learned.delta), masked):
            third = self._run(Run(self._session, self._item, self._places, None, deadline=self._patience))
            masked |= volatile(first, third.delta) if third.delta is not None else frozenset()
            if third.delta is None or unlike((first, third.delta), masked):
                return self._flaky("two clean runs of this test change different rows")
        return self._judged(self._clean(learned), chosen, masked | bookkeeping((first, learned.delta)))

    def _learn(self) -> Run | Swept:
        """A second clean run, in which sequences go on later. Its trips are those of the scenarios."""
        failed: Run | None = None
        for shifts in (True, False):
            gate = Learning(self._places, self._session.isolation.delta)
            run = Run(self._session, self._item, self._places, gate, deadline=self._patience)
            run.shifts = shifts
            self._run(run)
            if run.passed:
                self._places.learn([one.stack for one in gate.trail.asked])
                return run
            failed = run
        third = self._run(Run(self._session, self._item, self._places, None, deadline=self._patience))
        if third.passed:
            return self._flaky("this test passes and fails when nothing has changed")
        said = failed.raised.name if failed is not None and failed.raised is not None else "its set-up failed"
        return self._cannot(f"it cannot be run twice in one process: the second time {said}")

    def _flaky(self, title: str) -> Swept:
        name = self._item.originalname or self._item.name
        return Swept(
            findings=(
                Finding(
                    rule="flaky",
                    title=title,
                    subject=name,
                    test=self._item.nodeid,
                    source=Source(path=self._path, line=self._item.location[1] or 0, function=name),
                    remedy=Remedy(text="take chance, time and order out of the test, or fix them with a seed"),
                    replay=f"pytest {shlex.quote(self._item.nodeid)} --parity-level={self._session.settings.level}",
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
        tolerate = self._item.stash[EXPECTATION].faults == "tolerate"
        found = []
        for asked in gate.trail.asked:
            if not self._places.under_test(asked.stack):
                continue
            opener = asked.opener
            own = bool(opener.stack) and self._places.under_test(opener.stack)
            found.append(
                Target(
                    asked,
                    # What the test's side keeps from test to test would be missed by the next one.
                    may_break=own or opener.pooled or not (tolerate or opener.older),
                    may_hang=asked.protocol != "postgres"
                    or (
                        (kept if opener.pooled or opener.older else own)
                        and not self._budget.hung.intersection(opener.stack[:1])
                    ),
                )
            )
        return found

    def _is_code(self, file: str) -> bool:
        root = str(self._session.settings.root)
        if not file.startswith(root) or "site-packages" in file:
            return False
        from ..faults.places import is_of_tests

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
        oracle = Oracle(
            clean=clean,
            masked=masked,
            tolerate=self._item.stash[EXPECTATION].faults == "tolerate",
            thresholds=Thresholds(**given),
        )
        found: list[tuple[Faulted, Verdict]] = []
        untold: list[Untold] = []
        reports: list[ScenarioReport] = []
        left_out = chosen.left_out
        hung: set[str] = set()
        ended = 0
        last: Faulted | None = None
        """The last scenario that took place."""
        for at, scenario in enumerate(chosen.scenarios):
            late = self.spent > min(self._dial.seconds, self._budget.seconds) or ended >= ENDED
            if late or chosen.holds.get(scenario.token) in hung:
                left_out += 1
                continue
            self._progress(at, len(chosen.scenarios))
            began = time.monotonic()
            faulted = self._faulted(scenario)
            took = time.monotonic() - began
            ended += faulted.expired and not faulted.waited
            if last is not None and not faulted.struck and faulted.raised is not None:
                # It did not come that far: is that the doing of the scenario before it?
                failed = self._unrecovered()
                if failed is not None:
                    found.append((last, oracle.unrecovered(failed)))
                    left_out += len(chosen.scenarios) - at
                    self._break_off()
                    break
            last = faulted if faulted.struck else last
            said = oracle.judge(faulted)
            if isinstance(said, Verdict):
                found.append((faulted, said))
                if said.rule == "hang":
                    hung.add(faulted.struck[0].protocol)
            elif said == SILENCE:
                hung.add(faulted.struck[0].protocol)
                self._note_silence(faulted)
            elif said is not None:
                untold.append(self._untold(faulted, said))
            reports.append(_report(faulted, said, took))
            if faulted.unrecovered is not None and not self._healed():
                left_out += len(chosen.scenarios) - at - 1
                self._break_off()
                break
        else:
            failed = self._unrecovered() if last is not None else None
            if failed is not None and last is not None:
                found.append((last, oracle.unrecovered(failed)))
                self._break_off()
        return Swept(
            findings=tuple(self._told(found)), untold=tuple(untold), scenarios=tuple(reports), left_out=left_out
        )

    def _note_silence(self, run: Faulted) -> None:
        """Said once for each line that opens such connections: it is how all drivers are, and no test's fault."""
        opener = run.struck[0].opener.stack[:1]
        self._budget.hung.update(opener)
        where = f" on connections opened at {opener[0].rpartition(' ')[0]}" if opener else ""
        self._session.note(
            f"no deadline ends a wait for the database{where}: set connect_timeout and tcp_user_timeout there"
        )

    def _faulted(self, scenario: Scenario) -> Faulted:
        gate = Armed(self._places, scenario, delta=self._session.isolation.delta)
        run = self._run(Run(self._session, self._item, self._places, gate, deadline=self._patience))
        calls = tuple(gate.trail.calls)
        call = self._places.call(gate.struck[0].stack) if gate.struck else ()
        unrecovered = "a connection that it keeps is still in its failed transaction" if run.stuck else None
        if unrecovered is None and run.called and self._session.wire.connections:
            unrecovered = self._unrecovered()
        self._session.lift(time.monotonic() + SETTLE_S)
        return Faulted(
            scenario=scenario,
            raised=run.raised,
            delta=run.delta,
            struck=tuple(gate.struck),
            calls=calls,
            call=call,
            seconds=run.seconds,
            expired=run.expired,
            waited=run.waited,
            endless=gate.endless,
            misfit=gate.misfit,
            # What failed keeps its connections alive by its traceback.
            leaks=run.leaks if run.passed else (),
            unrecovered=unrecovered,
            reported=self._reported(run, call),
            then=gate.then,
            sent=run.sent,
            carried_on=any(Target(one).writes for one in gate.trail.asked[gate.at + 1 :] if one.protocol == "postgres"),
            quiet=run.quiet,
            demanded=any(one.protocol != "postgres" for one in gate.struck)
            or isinstance(self._item.stash[EXPECTATION].faults, tuple),
            repeated=self._places.repeated(call),
        )

    def _reported(self, run: Run, call: tuple[str, ...]) -> bool | None:
        if not call or (run.raised is not None and not run.raised.asserted):
            return None
        path, _, line = call[-1].rpartition(":")
        if path != self._path:
            return None
        return reported(self._item.path, run.raised.line if run.raised is not None else None, int(line))

    def _unrecovered(self) -> str | None:
        """Connections outlive the test: is its second clean run after the fault a good one again?"""
        said = None
        for _ in range(2):
            run = self._run(Run(self._session, self._item, self._places, None, deadline=self._patience))
            if run.passed:
                return None
            said = f"it still fails, with {run.raised.name}" if run.raised is not None else "its set-up fails"
        return said

    def _break_off(self) -> None:
        self._session.note(
            f"{self._item.nodeid}: the program has not got over a fault; tests after it in this process may fail for that"
        )

    def _healed(self) -> bool:
        """Whoever keeps a connection is to get a new one."""
        self._session.wire.hang_up()
        return any(
            self._run(Run(self._session, self._item, self._places, None, deadline=self._patience)).passed
            for _ in range(2)
        )

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._began

    @property
    def _patience(self) -> float:
        return self._deadline + self.counted.seconds

    def _run(self, run: Run) -> Run:
        self.run = run
        try:
            again(self._item)
        finally:
            self.run = None
            run.leaks = tuple(left for _, left in self._session.isolation.facts()["leaks"])
        return run

    # --- what is told

    def _told(self, found: list[tuple[Faulted, Verdict]]) -> list[Finding]:
        """One finding for a rule, a function and a table; what else showed it stands with it."""
        grouped: dict[tuple[object, ...], list[tuple[Faulted, Verdict]]] = {}
        for run, verdict in found:
            source = run.struck[0].source
            key = verdict.rule, verdict.table, (source.path, source.function) if source is not None else None
            grouped.setdefault(key, []).append((run, verdict))
        made = []
        for (run, verdict), *rest in grouped.values():
            one = finding(
                run,
                verdict,
                test=self._item.nodeid,
                number=self._trips.index(run.struck[0].identity.token) + 1,
                of=len(self._trips),
                also=[cause_of(other, named(other.struck[0])) for other, _ in rest],
            )
            replay = f"pytest {shlex.quote(self._item.nodeid)} --parity-replay={run.scenario.token}"
            made.append(replace(one, replay=replay))
        return made

    def _untold(self, run: Faulted, why: str) -> Untold:
        what = named(run.struck[0]) if run.struck else run.scenario.identity.what
        return Untold(
            statement=f"{cause_of(run, what)} ({run.scenario.token})",
            reason=f"faults: {why}",
            source=run.struck[0].source if run.struck else None,
            test=self._item.nodeid,
        )

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


def _report(run: Faulted, said: Verdict | str | None, took: float) -> ScenarioReport:
    what = named(run.struck[0]) if run.struck else run.scenario.identity.what
    source = run.struck[0].source if run.struck else None
    outcome: str
    if isinstance(said, Verdict):
        outcome = said.rule
    elif said is not None:
        outcome = f"cannot tell: {said}"
    else:
        outcome = "got over it" if run.raised is None else f"failed cleanly with {run.raised.name}"
    return ScenarioReport(
        token=run.scenario.token,
        fault=cause_of(run, what),
        source=str(source) if source is not None else None,
        outcome=outcome,
        seconds=round(took, 4),
    )
