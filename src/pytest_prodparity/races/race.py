"""One call of `parity_race`: the serial orders, then those that can matter, each from the same state."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..core.delta import Delta
from ..core.findings import Finding
from ..faults.kinds.kind import Kind
from ..wire.gate import Asking
from .execution import Bound, Director, Execution, Searched, Step, Verdict
from .footprint import Knowledge, Relations
from .oracle import Oracle
from .oracle import Verdict as Wrong
from .prediction import promises
from .search import Unclear, search
from .shrink import Wish
from .timeline import called
from .token import Schedule
from .wording import finding

SERIAL = 24
"""Serial orders that are run at most: all of four actors, a sample of more."""
REPEATED = 6
"""Serial orders that are run twice."""
MIXED = 20
"""Rounds in which each callable sends one trip, in the order that comes before the second serial run."""
REPLAYS = 3
"""A failing order is run so often again, to say how surely it comes back."""
BUGS = ("TypeError", "NameError", "AttributeError", "ImportError", "ModuleNotFoundError", "UnboundLocalError")
BUG_STATES = ("42",)
"""Classes of SQLSTATE: syntax errors, and tables and columns that do not exist."""


WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY")


class Stage(Protocol):
    """The state that each schedule begins with, and goes back to. Its methods raise ProdparityError where the database cannot be followed."""

    def delta(self) -> Delta:
        """What was changed since the last `back`."""

    def requests(self) -> tuple[str, ...]:
        """What was asked of other services since then, as digests."""

    def shift(self) -> None:
        """Sequences go on later, until `back`."""

    def back(self) -> None:
        """Back to it."""


class Runs(Protocol):
    """What runs the callables once: `Crew`."""

    def run(
        self,
        director: Director | None = None,
        *,
        serially: Sequence[int] | None = None,
        faults: Mapping[tuple[int, int], Kind] | None = None,
    ) -> Execution:
        """As `Conductor` has it; `faults` by actor and step."""


@dataclass(frozen=True, kw_only=True)
class Race:
    """What a race came to."""

    verdict: Verdict
    schedules: int
    """Orders that were run, serial ones included."""
    exhausted: bool
    """Every order that can matter was run."""
    seconds: float
    why: str = ""
    """Why nothing can be told, or what was not looked at."""
    findings: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        far = "every order that can matter" if self.exhausted else self.why
        said = f"{self.verdict}: {self.schedules} orders in {self.seconds:.1f} s"
        return f"{said}, {far}" if far else said


class Contest:
    """One race, on one stage. `names` are the callables', as they are shown; `among` their numbers, where they are a few
    of more.
    """

    def __init__(
        self,
        runs: Runs,
        stage: Stage,
        actors: int,
        *,
        names: Sequence[str] = (),
        relations: Relations | None = None,
        invariant: Callable[[], object] | None = None,
        among: tuple[int, ...] = (),
    ) -> None:
        self._runs = runs
        self._relations = relations
        self._stage = stage
        self._actors = actors
        self._names = tuple(names)
        self._invariant = invariant
        self._among = among
        self._broken: list[tuple[Execution, str]] = []
        self._schedules = 0
        self._began = time.monotonic()
        self._faults: dict[tuple[int, int], Kind] = {}
        self._struck = ""

    def rehearse(self) -> None:
        """One serial order of which nothing is kept: pools fill up, and statements are prepared."""
        self._serially(range(self._actors))
        self._schedules -= 1

    def suspects(self) -> list[tuple[int, int]]:
        """Pairs of callables that get into each other's way, as they ran one after the other; the likeliest first."""
        run = self._serially(range(self._actors))
        knowledge = Knowledge(relations=self._relations or Relations())
        knowledge.learn(run)
        points: dict[tuple[int, int], int] = {}
        for (one, _, other), promise in promises([run], knowledge).items():
            pair = (min(one, other), max(one, other))
            points[pair] = max(points.get(pair, 0), promise)
        # Of equal ones those first that begin with a callable that has not been looked at.
        return sorted(points, key=lambda pair: (-points[pair], pair[1] - pair[0], pair))

    def go(self, bound: Bound, *, replay: str | None = None, faults: Sequence[Kind] = ()) -> Race:
        """The search, or the order of a token; then the search with each fault at each callable's commit."""
        race = self._searched(bound, replay)
        targets = [(kind, actor, step) for kind in faults for actor, step in self._commits(kind)]
        unfit = [kind.name for kind in faults if not any(kind is one for one, _, _ in targets)]
        if unfit and race.verdict == "clean":
            return self._race("cannot tell", f"{', '.join(unfit)} fits no commit of the callables")
        for kind, actor, step in targets:
            if race.verdict != "clean":
                break
            self._faults, self._struck = {(actor, step): kind}, f"{kind.name} at the commit of {called(actor)}"
            left = replace(bound, seconds=max(1.0, bound.seconds - (time.monotonic() - self._began)))
            under = self._searched(left, None)
            why = race.why or (f"with {self._struck}: {under.why}" if under.why else "")
            race = replace(under, why=why, exhausted=race.exhausted and under.exhausted)
        return race

    def _commits(self, kind: Kind) -> list[tuple[int, int]]:
        """Of each callable, the last step that commits something, where the fault fits: its number among the callable's."""
        found = []
        for actor in range(self._actors):
            steps = [step for step in self._first.steps if step.actor == actor]
            last = [at for at, step in enumerate(steps) if _commits(step)][-1:]
            found += [(actor, at) for at in last if kind.at == "trip" and kind.fits(_asking(steps[at])) is None]
        return found

    def _searched(self, bound: Bound, replay: str | None) -> Race:
        ways = orders(self._actors, bound.seed)
        serial = [self._serially(order) for order in ways]
        self._first = serial[0]
        if not self._faults:
            self._refuse_bugs(serial)
        # Rows lie elsewhere after this: what takes any row takes another one then.
        self._run(Wish([actor for _ in range(MIXED) for actor in range(self._actors)]))
        # What differs then differs anyway; a column that only one order writes is met in that order alone.
        repeated = [
            (run, self._serially(order, shifted=True)) for order, run in list(zip(ways, serial, strict=True))[:REPEATED]
        ]
        knowledge = Knowledge(relations=self._relations or Relations())
        oracle = Oracle(
            serial=serial, repeated=repeated, broken=self._says, knowledge=knowledge,
            further=self._serially,
        )  # fmt: skip
        for first, again in repeated:
            wrong = oracle.judge(again) if first.status == "done" else None
            if isinstance(wrong, Unclear):
                return self._race("cannot tell", str(wrong))
            if wrong is not None and oracle.judge(first) is None:
                return self._race("cannot tell", "one after the other, the callables come to something else each time")
        if replay is not None:
            return self._replayed(Schedule.parse(replay), oracle)
        searched = search(self._run, serial, oracle.says, bound, knowledge=knowledge)
        return self._told(searched, oracle)

    def _replayed(self, schedule: Schedule, oracle: Oracle) -> Race:
        if schedule.actors != self._actors:
            said = f"the order to replay is one of {schedule.actors} callables, and this race has {self._actors}"
            return self._race("cannot tell", said)
        why: str | None = None
        for _ in range(REPLAYS):
            run = self._run(schedule.director())
            wrong = oracle.judge(run)
            if isinstance(wrong, Wrong):
                return self._found(run, wrong, "as it was asked for")
            why = schedule.diverged(run) or (str(wrong) if wrong else None)
        if why is not None:
            return self._race("cannot tell", why)
        return self._race("clean", "the order that was asked for comes to what a serial order comes to")

    def _told(self, searched: Searched, oracle: Oracle) -> Race:
        failing = searched.failing
        if failing is None:
            return self._race(searched.verdict, searched.why, exhausted=searched.exhausted)
        wrong = oracle.judge(failing)
        assert isinstance(wrong, Wrong)
        if any(failing is one for one in searched.serial):
            return self._found(failing, wrong, "")
        same = sum(oracle.says(self._run(Wish(failing.order))) == wrong.label for _ in range(REPLAYS))
        return self._found(failing, wrong, f"{same} of {REPLAYS} times")

    def _found(self, run: Execution, wrong: Wrong, came_back: str) -> Race:
        found = finding(
            run, wrong, names=self._names, schedules=self._schedules, came_back=came_back, struck=self._struck,
            among=self._among,
        )  # fmt: skip
        return self._race("found", "", findings=(found,))

    def _race(self, verdict: Verdict, why: str, *, exhausted: bool = False, findings: tuple[Finding, ...] = ()) -> Race:
        return Race(
            verdict=verdict,
            schedules=self._schedules,
            exhausted=exhausted,
            seconds=time.monotonic() - self._began,
            why=why,
            findings=findings,
        )

    # --- one schedule

    def _run(self, director: Director) -> Execution:
        return self._kept(self._runs.run(director, faults=self._faults))

    def _serially(self, order: Sequence[int], *, shifted: bool = False) -> Execution:
        if shifted:
            self._stage.shift()
        return self._kept(self._runs.run(serially=tuple(order), faults=self._faults))

    def _kept(self, run: Execution) -> Execution:
        """With what it changed; the database is back where it was then."""
        self._schedules += 1
        try:
            run = replace(run, delta=self._stage.delta(), requests=self._stage.requests())
            said = self._holds() if run.status == "done" else None
        finally:
            self._stage.back()
        if said is not None:
            self._broken.append((run, said))
        return run

    def _holds(self) -> str | None:
        """What the invariant says is broken."""
        if self._invariant is None:
            return None
        try:
            held = self._invariant()
        except AssertionError as error:
            return str(error).partition("\n")[0]
        except Exception as error:
            error.add_note(
                "raised by the invariant of parity_race, which is to return false or raise an AssertionError"
            )
            raise
        return None if held is None or held else ""

    def _says(self, run: Execution) -> str | None:
        return next((said for one, said in self._broken if one is run), None)

    @staticmethod
    def _refuse_bugs(serial: Sequence[Execution]) -> None:
        """What fails alone, in every order, because it is not finished, is the test's own failure."""
        for actor in range(len(serial[0].outcomes)):
            errors = [run.outcomes[actor].error for run in serial]
            states = [run.outcomes[actor].sqlstate or "" for run in serial]
            error = errors[0]
            if error is not None and all(
                type(one).__name__ in BUGS or state.startswith(BUG_STATES)
                for one, state in zip(errors, states, strict=True)
            ):
                error.add_note(f"raised by callable {actor + 1} of parity_race when nothing else runs")
                raise error


def _commits(step: Step) -> bool:
    tags = [tag or "" for tag in step.tags]
    if step.ready.state == "I":
        return step.after == "I" and any(tag.startswith(WRITES) for tag in tags)
    return step.after == "I" and "COMMIT" in tags


def _asking(step: Step) -> Asking:
    ready = step.ready
    return Asking(
        connection=ready.connection, number=0, statements=ready.statements, state=ready.state, source=ready.source,
        stack=ready.stack, actor="", at=0.0,
    )  # fmt: skip


def orders(actors: int, seed: int) -> list[tuple[int, ...]]:
    """The serial ones: all, or a sample with the first and its reverse."""
    if actors <= 4:
        return list(itertools.permutations(range(actors)))
    found = [tuple(range(actors)), tuple(reversed(range(actors)))]
    chance = random.Random(seed)  # noqa: S311
    while len(found) < SERIAL:
        order = tuple(chance.sample(range(actors), actors))
        if order not in found:
            found.append(order)
    return found
