"""The scenarios of one test, one after the other, and what is said of them."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..core.findings import Finding, Untold
from ..faults.choice import Chosen, Target
from ..faults.gates import Armed, Asked
from ..faults.oracle import ENDED, SILENCE, Faulted, Oracle, Verdict
from ..faults.places import Call, reported
from ..faults.scenario import Scenario
from ..faults.wording import cause_of, finding, named
from ..fixtures import EXPECTATION
from ..gate.report import ScenarioReport
from ..wire.processes import has_ended
from .run import SETTLE_S, Run
from .runner import Runner

EXPIRED = 2
"""Scenarios that had to be ended, after which a test is put through no more: the others would take as long."""


@dataclass
class Budget:
    """Of a whole run."""

    seconds: float
    hung: set[str] = field(default_factory=set)
    """Lines that opened connections which wait for ever."""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What came of a sweep."""

    findings: tuple[Finding, ...] = ()
    untold: tuple[Untold, ...] = ()
    scenarios: tuple[ScenarioReport, ...] = ()
    left_out: int = 0


class Trial:
    """`go` runs the chosen scenarios while there is time. `trips`: of the clean run, by token."""

    def __init__(
        self, runner: Runner, oracle: Oracle, budget: Budget, *, path: str, trips: Sequence[str], strict: bool
    ) -> None:
        self._runner = runner
        self._oracle = oracle
        self._budget = budget
        self._path = path
        self._trips = trips
        self._strict = strict
        """What all pools do by default is found, too."""
        self._found: list[tuple[Faulted, Verdict]] = []
        self._untold: list[Untold] = []
        self._reports: list[ScenarioReport] = []
        self._hung: set[str] = set()
        """Protocols over which nothing more is kept silent."""
        self._ended = 0
        self._last: Faulted | None = None
        """The last scenario that took place."""

    def go(self, chosen: Chosen, *, late: Callable[[], bool], progress: Callable[[int, int], None]) -> Swept:
        """Until all are done, the time is over, or the program does not get over one."""
        left_out, count = chosen.left_out, len(chosen.scenarios)
        for at, scenario in enumerate(chosen.scenarios):
            if late() or self._ended >= EXPIRED or chosen.holds.get(scenario.token) in self._hung:
                left_out += 1
                continue
            progress(at, count)
            if not self._well_after(scenario):
                left_out += count - at - 1
                self._break_off()
                break
        else:
            if self._last is not None and self._lost(self._last):
                self._break_off()
        return Swept(
            findings=tuple(self._findings()),
            untold=tuple(self._untold),
            scenarios=tuple(self._reports),
            left_out=left_out,
        )

    def _well_after(self, scenario: Scenario) -> bool:
        """Run and judge it; can another follow?"""
        began = time.monotonic()
        run = self._faulted(scenario)
        took = time.monotonic() - began
        self._ended += run.expired and not run.waited
        if self._last is not None and not run.struck and run.raised is not None and self._lost(self._last):
            return False  # it did not come that far: that is the doing of the one before
        if run.struck:
            self._last = run
        said = self._oracle.judge(run)
        if isinstance(said, Verdict) and said.rule == "no-recovery" and self._is_usual(run):
            self._note_standby(run)
            said = "its pool keeps connections to a server that only reads"
        elif isinstance(said, Verdict):
            self._found.append((run, said))
            if said.rule == "hang":
                self._hung.add(run.struck[0].protocol)
        elif said == SILENCE:
            self._hung.add(run.struck[0].protocol)
            self._note_silence(run)
        elif said is not None:
            self._untold.append(self._not_told(run, said))
        self._reports.append(self._report(run, said, took))
        return run.unrecovered is None or self._runner.heal()

    def _is_usual(self, run: Faulted) -> bool:
        return run.scenario.kind.name == "failover" and not self._strict and not run.demanded

    def _note_standby(self, run: Faulted) -> None:
        """Said once for each line: it is how all pools are."""
        opener = run.struck[0].opener.stack[:1]
        where = f" of connections opened at {opener[0].rpartition(' ')[0]}" if opener else ""
        self._runner.session.note(
            f"a pool{where} does not get over a failover: see 25006 in how-to/survive-faults; a finding at production"
        )

    def _lost(self, last: Faulted) -> bool:
        """Has the program not got over the last scenario?"""
        said = self._runner.unrecovered()
        if said is not None and _has_ended(last.struck):
            self._untold.append(self._not_told(last, ENDED))
        elif said is not None:
            self._found.append((last, self._oracle.unrecovered(said)))
        return said is not None

    def _faulted(self, scenario: Scenario) -> Faulted:
        runner, session = self._runner, self._runner.session
        gate = Armed(runner.places, scenario, delta=session.isolation.delta)
        run = runner.again(gate)
        call = runner.places.call(gate.struck[0].stack) if gate.struck else ()
        unrecovered = "a connection that it keeps is still in its failed transaction" if run.stuck else None
        if unrecovered is None and run.called and session.wire.connections:
            unrecovered = runner.unrecovered()
        session.lift(time.monotonic() + SETTLE_S)
        after = gate.trail.asked[gate.at + 1 :]
        named_by_marker = isinstance(runner.item.stash[EXPECTATION].faults, tuple)
        return Faulted(
            scenario=scenario,
            raised=run.raised,
            delta=run.delta,
            struck=tuple(gate.struck),
            calls=tuple(gate.trail.calls),
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
            carried_on=any(Target(one).writes for one in after if one.protocol == "postgres"),
            quiet=run.quiet,
            ended=_has_ended(gate.struck),
            demanded=named_by_marker or any(one.protocol != "postgres" for one in gate.struck),
            repeated=runner.places.repeated(call),
        )

    def _reported(self, run: Run, call: Call) -> bool | None:
        if not call or (run.raised is not None and not run.raised.asserted):
            return None
        path, _, line = call[-1].rpartition(":")
        if path != self._path:
            return None
        file = Path(self._runner.item.path)
        return reported(file, run.raised.line if run.raised is not None else None, int(line))

    def _note_silence(self, run: Faulted) -> None:
        """Said once for each line that opens such connections: it is how all drivers are, and no test's fault."""
        opener = run.struck[0].opener.stack[:1]
        self._budget.hung.update(opener)
        where = f" on connections opened at {opener[0].rpartition(' ')[0]}" if opener else ""
        self._runner.session.note(
            f"no deadline ends a wait for the database{where}: set connect_timeout and tcp_user_timeout there"
        )

    def _break_off(self) -> None:
        self._runner.session.note(
            f"{self._runner.item.nodeid}: the program has not got over a fault; tests after it in this process may fail for that"
        )

    def _findings(self) -> list[Finding]:
        """One for a rule, a function and a table; what else showed it stands with it."""
        grouped: dict[tuple[object, ...], list[tuple[Faulted, Verdict]]] = {}
        for run, verdict in self._found:
            source = run.struck[0].source
            key = verdict.rule, verdict.table, (source.path, source.function) if source is not None else None
            grouped.setdefault(key, []).append((run, verdict))
        test, made = self._runner.item.nodeid, []
        for (run, verdict), *rest in grouped.values():
            one = finding(
                run,
                verdict,
                test=test,
                number=self._trips.index(run.struck[0].identity.token) + 1,
                of=len(self._trips),
                also=[cause_of(other, named(other.struck[0])) for other, _ in rest],
            )
            made.append(replace(one, replay=f"pytest {shlex.quote(test)} --parity-replay={run.scenario.token}"))
        return made

    def _report(self, run: Faulted, said: Verdict | str | None, took: float) -> ScenarioReport:
        what = named(run.struck[0]) if run.struck else run.scenario.identity.what
        source = run.struck[0].source if run.struck else None
        token = run.scenario.identity.token
        return ScenarioReport(
            token=run.scenario.token,
            fault=cause_of(run, what),
            source=str(source) if source is not None else None,
            outcome=_outcome(run, said),
            seconds=round(took, 4),
            trip=self._trips.index(token) + 1 if token in self._trips else 0,
            what=what,
        )

    def _not_told(self, run: Faulted, why: str) -> Untold:
        what = named(run.struck[0]) if run.struck else run.scenario.identity.what
        return Untold(
            statement=f"{cause_of(run, what)} ({run.scenario.token})",
            reason=f"faults: {why}",
            source=run.struck[0].source if run.struck else None,
            test=self._runner.item.nodeid,
        )


def _has_ended(struck: Sequence[Asked]) -> bool:
    return any(has_ended(one.actor) for one in struck)


def _outcome(run: Faulted, said: Verdict | str | None) -> str:
    if isinstance(said, Verdict):
        return said.rule
    if said is not None:
        return f"cannot tell: {said}"
    return "got over it" if run.raised is None else f"failed cleanly with {run.raised.name}"
