"""What a run under a fault came to, held against the clean ones. No assertion is needed: all, or nothing, and no more."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from ..core.delta import Delta
from ..core.equality import Column, canonical
from .gates import Asked
from .places import Call
from .scenario import Scenario

Rule = Literal[
    "torn-write", "silent-loss", "double-apply", "hang", "no-recovery", "retry-storm", "not-tolerated", "leak"
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Raised:
    """How a run ended badly."""

    name: str
    """The exception's class, with the driver's module: its text may quote rows."""
    asserted: bool = False
    """By an assertion of the test itself."""
    line: int = 0
    """Of the test, where it came out."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a service was asked to do, and what is not to be asked twice."""

    what: str
    """`POST /charge`."""
    key: str
    """Digest of its Idempotency-Key; empty where it has none."""
    digest: str
    """Of its body."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clean:
    """What a test does when nothing fails."""

    calls: tuple[Call, ...]
    before: tuple[Delta, ...]
    """By call: what was committed before it."""
    states: tuple[Delta, ...]
    """All that was ever committed, in order."""
    final: Delta
    blind: bool = False
    """Not all states were seen."""
    sent: Sequence[Request] = ()
    """What services were asked to do."""
    known: frozenset[str] = frozenset()
    """Digests of what is asked in the same words in each run."""

    def after(self, at: int) -> Delta:
        """What was committed after the call."""
        return self.before[at + 1] if at + 1 < len(self.before) else self.final


@dataclass(frozen=True, kw_only=True, slots=True)
class Faulted:
    """What came of one scenario."""

    scenario: Scenario
    raised: Raised | None
    delta: Delta | None
    """None: it could not be told."""
    struck: tuple[Asked, ...]
    calls: tuple[Call, ...]
    call: Call = ()
    """The one that was struck."""
    seconds: float = 0.0
    expired: bool = False
    """It would not have ended: the fault was lifted for it."""
    waited: bool = False
    """It waited for an answer then."""
    endless: bool = False
    misfit: str | None = None
    leaks: tuple[str, ...] = ()
    unrecovered: str | None = None
    """The exception of a second clean run after it."""
    reported: bool | None = None
    """The test's assertion looked at what the call gave; where none failed: the test kept it."""
    then: Delta | None = None
    """What was committed when the test went on to its next call."""
    sent: Sequence[Request] = ()
    carried_on: bool = False
    """Something was written to the database after it was struck."""
    quiet: bool = False
    """Nothing passed the wire for long when it expired."""
    ended: bool = False
    """The process that was struck is gone."""
    demanded: bool = False
    """Whoever wrote the test wants a deadline here."""
    repeated: bool = False
    """The call may be one of several from the same line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What is wrong, in numbers; `missing` and `extra` are changes in words without volatile values."""

    rule: Rule
    expected: int = 0
    found: int = 0
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    table: str = ""
    said: str = ""
    """What the code made of the fault, in a few words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """By rule."""

    attempts: float = 10
    """Attempts against a fault that lasts, from which they are many."""
    spacing_ms: float = 10
    """Median pause between attempts below which they are not spaced."""


SILENT = ("black-hole",)
"""Kinds of fault under which no driver's default ends the wait."""
ENDED = "the process that was struck has ended, and what starts it again in production is not there"
SAYS_YES = ("html",)
"""Kinds that answer a request with success, though nobody has heard of it."""
SILENCE = "nothing ends its wait when the network is silent: it has no deadline"
Bag = Counter[str]


@dataclass(slots=True)
class Oracle:
    """Judges the scenarios of one test."""

    clean: Clean
    masked: frozenset[Column]
    tolerate: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)

    def judge(self, run: Faulted) -> Verdict | str | None:
        """A verdict; None where all is well; a text where it cannot be told."""
        if run.misfit is not None:
            return run.misfit
        if not run.struck:
            return "the trip did not come again"
        storm = self._storm(run)
        if storm is not None:
            return storm
        if run.expired:
            return self._expired(run)
        if run.delta is None or run.delta.notes:
            return "what it changed cannot be told"
        verdict: Verdict | str | None
        if run.raised is None:
            verdict = (
                self._against(self._bag(self.clean.final), self._bag(run.delta), run.delta)
                or self._then(run)
                or self._not_asked(run, run.delta)
            )
        else:
            verdict = self._failed(run, run.raised, run.delta)
        if verdict is None:
            verdict = self._asked_again(run)
        if verdict is None and self.tolerate and run.raised is not None:
            return Verdict(rule="not-tolerated", said=f"it fails with {run.raised.name}")
        if verdict is None and run.unrecovered is not None:
            return ENDED if run.ended else self.unrecovered(run.unrecovered)
        if verdict is None and run.leaks:
            return Verdict(rule="leak", said=run.leaks[0])
        return verdict

    def unrecovered(self, said: str) -> Verdict:
        """Clean runs after a fault end with this exception."""
        return Verdict(rule="no-recovery", said=f"once all is well again, {said}")

    def _expired(self, run: Faulted) -> Verdict | str:
        if (run.waited or run.quiet) and run.scenario.kind.name in SILENT and not run.demanded:
            return SILENCE
        if run.waited:
            return Verdict(rule="hang", said=f"no answer, and still waiting after {run.seconds:.0f} s")
        if run.quiet:
            return Verdict(rule="hang", said=f"still waiting after {run.seconds:.0f} s, and not for an answer")
        return f"still at it after {run.seconds:.0f} s"

    def _storm(self, run: Faulted) -> Verdict | None:
        times = [one.at for one in run.struck]
        if len(times) <= self.thresholds.attempts:
            return None
        gaps = sorted(later - earlier for earlier, later in pairwise(times))
        median = gaps[len(gaps) // 2] * 1000
        if not run.endless and median >= self.thresholds.spacing_ms:
            return None
        end = " and no end" if run.endless else ""
        return Verdict(
            rule="retry-storm",
            found=len(times),
            said=f"{len(times)} attempts in {times[-1] - times[0]:.1f} s, {median:.0f} ms apart{end}",
        )

    def _against(self, expected: Bag, found: Bag, delta: Delta) -> Verdict | None:
        """The code says that it worked: then all of it is there, once."""
        missing, extra = expected - found, found - expected
        if not missing and not extra:
            return None
        more = _tables(extra) - _tables(missing) or _count(extra) > _count(missing)
        again = self._moved_on(self.clean.before[0] if self.clean.before else Delta(), self.clean.final, delta)
        rule: Rule = "double-apply" if extra and (more or again) else "silent-loss"
        return self._verdict(rule, expected, found, missing, extra)

    def _asked_again(self, run: Faulted) -> Verdict | None:
        """A service that was asked more often than when all is well has done it more often."""
        once, now = self._asked(self.clean.sent), self._asked(run.sent)
        more = now - once
        if not more:
            return None
        what = next(iter(sorted(more)))
        return Verdict(
            rule="double-apply",
            expected=once[what],
            found=now[what],
            extra=tuple(more.elements()),
            table=what,
        )

    def _not_asked(self, run: Faulted, delta: Delta) -> Verdict | None:
        """The code wrote on as if the service had been asked, and it was not; unless it put that somewhere for later.

        A request that nothing follows may be one at best effort, such as a hint to a cache.
        """
        once, now = self._asked(self.clean.sent), self._asked(run.sent)
        less = once - now
        if (
            not less
            or not run.carried_on
            or run.scenario.kind.name in SAYS_YES
            or any(change.table not in self._touched for change in delta)
        ):
            return None
        what = next(iter(sorted(less)))
        missing = tuple(less.elements())
        return Verdict(rule="silent-loss", expected=once.total(), found=now.total(), missing=missing, table=what)

    @property
    def _touched(self) -> set[str]:
        return {change.table for state in (*self.clean.states, self.clean.final) for change in state}

    def _asked(self, sent: Sequence[Request]) -> Bag:
        """How often each was asked for. What has a key is done once, however often it is asked for.

        A body that no other run has sent, and this one twice, holds one: who made it up did so before the first attempt.
        """
        keyed = {(one.what, key) for one in sent if (key := self._key(one))}
        return Counter([one.what for one in sent if not self._key(one)] + [what for what, _ in keyed])

    def _key(self, one: Request) -> str:
        return one.key or ("" if one.digest in self.clean.known else one.digest)

    def _then(self, run: Faulted) -> Verdict | None:
        """All is there in the end; was it when the call returned? What the test did next may have made up for it."""
        if run.then is None or run.repeated or run.reported is not False or run.call not in self.clean.calls:
            return None
        at = self.clean.calls.index(run.call)
        after, found = self._bag(self.clean.after(at)), self._bag(run.then)
        missing = after - found
        if not missing or found - after:
            return None
        return self._verdict("silent-loss", after - self._bag(self.clean.before[at]), found, missing, Counter())

    def _failed(self, run: Faulted, raised: Raised, delta: Delta) -> Verdict | str | None:
        found = self._bag(delta)
        if self.clean.blind:
            return "it makes more trips than are looked at one by one"
        if run.call not in self.clean.calls:
            return "it took another way"
        at = self.clean.calls.index(run.call)
        last = max((self.clean.calls.index(call) for call in run.calls if call in self.clean.calls), default=at)
        if last > at or (raised.asserted and run.reported is not True):
            if self._moved_on(self.clean.before[at], self.clean.after(last), delta):
                right = self._bag(self.clean.after(last))
                return self._verdict("double-apply", right, found, right - found, found - right)
            return self._went_on(run, raised, found, at, last)
        before, after = self._bag(self.clean.before[at]), self._bag(self.clean.after(at))
        if found in (before, after):
            return None
        if run.repeated:
            known = any(found == self._bag(state) for state in (*self.clean.states, self.clean.final))
            return None if known else "the same line calls several times"
        if self._moved_on(self.clean.before[at], self.clean.after(at), delta):
            return self._verdict("double-apply", after, found, after - found, found - after)
        return self._torn(before, after, found)

    def _torn(self, before: Bag, after: Bag, found: Bag) -> Verdict:
        """The call failed: then all of it is there, or nothing."""
        extra = found - after
        if extra - before and _count(extra - before) >= 1 and not (after - before) - found:
            return self._verdict("double-apply", after, found, after - found, extra)
        return self._verdict("torn-write", after - before, found - before, after - found, found - before)

    def _went_on(self, run: Faulted, raised: Raised, found: Bag, at: int, last: int) -> Verdict | str | None:
        """The call that was struck returned, and something failed later."""
        effect = self._bag(self.clean.after(at)) - self._bag(self.clean.before[at])
        expected = [self._bag(self.clean.before[last]), self._bag(self.clean.after(last))]
        if found in expected[at == last :]:
            return None
        missing = effect - found
        if not missing:
            extra = found - expected[1]
            if extra and not expected[1] - found:
                return self._verdict("double-apply", expected[1], found, Counter(), extra)
            return "what failed later changed something else"
        if missing != effect and not run.repeated:
            return self._verdict("torn-write", effect, effect - missing, missing, effect - missing)
        if run.reported or not raised.asserted:
            return None
        if run.reported is None or run.repeated:
            return "whether the call told of its failure cannot be seen"
        return self._verdict("silent-loss", effect, effect - missing, missing, Counter())

    def _moved_on(self, before: Delta, after: Delta, found: Delta) -> bool:
        """Did a number in a row move as it does when all goes well, and then further by the same step?"""
        for table in after.tables:
            starts, rights, nows = before[table], after[table], found[table]
            if len(rights) != len(nows):
                continue
            for at, (right, now) in enumerate(zip(rights, nows, strict=True)):
                start = starts.changes[at].after if len(starts) == len(rights) else right.before
                if start is None or right.after is None or now.after is None:
                    continue
                for name, value in right.after.items():
                    if (table, name) not in self.masked and _further(start.get(name), value, now.after.get(name)):
                        return True
        return False

    def _verdict(self, rule: Rule, expected: Bag, found: Bag, missing: Bag, extra: Bag) -> Verdict:
        about = missing if rule in ("silent-loss", "torn-write") else extra
        return Verdict(
            rule=rule,
            expected=_count(expected),
            found=_count(found),
            missing=tuple(missing.elements()),
            extra=tuple(extra.elements()),
            table=next(iter(sorted(_tables(about or extra or missing))), ""),
        )

    def _bag(self, delta: Delta) -> Bag:
        # A table that is not touched when all goes well is where the code puts what failed.
        touched = self._touched
        kept = tuple(change for change in delta if change.table in touched)
        return Counter(canonical(replace(delta, changes=kept), self.masked))


def _count(bag: Bag) -> int:
    return sum(bag.values())


def _tables(bag: Bag) -> set[str]:
    return {text.split(";", 1)[0].split(" ", 1)[1] for text in bag}


def _further(start: object, right: object, now: object) -> bool:
    if not (isinstance(start, _NUMBERS) and isinstance(right, _NUMBERS) and isinstance(now, _NUMBERS)):
        return False
    step, way = Decimal(right) - Decimal(start), Decimal(now) - Decimal(start)
    return step != 0 and way / step > 1 and way % step == 0


_NUMBERS = (int, float, Decimal)


def bookkeeping(deltas: Iterable[Delta]) -> frozenset[Column]:
    """Columns that count or date the attempts themselves, as queues and optimistic locks have them: more of those is right."""
    return frozenset(
        (change.table, name)
        for delta in deltas
        for change in delta
        for name in {**(change.before or {}), **(change.after or {})}
        if _BOOKKEEPING.search(name)
    )


_BOOKKEEPING = re.compile(
    r"(?:^|_)(?:attempts?|tries|retry|retries|failures?|errors?|lock|locked|lease|heartbeat|version|revision)(?:_|$)",
    re.IGNORECASE,
)


def unlike(first: Sequence[Delta], masked: frozenset[Column]) -> tuple[str, ...]:
    """What two clean runs changed differently, volatile columns apart: then nothing can be judged by them."""
    one, other = (Counter(canonical(delta, masked)) for delta in first)
    return tuple((one - other).elements()) + tuple((other - one).elements())
