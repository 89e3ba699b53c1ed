"""From findings and policy to one answer: pass, warn, block, or that it cannot be judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ..core.levels import Level
from ..core.rules import RULES
from .baseline import Known, Matched, load, match
from .gathered import Gathered, Met, Run
from .policy import Action, Policy
from .quiet import uncollected
from .report import Report
from .waiver import Waiver

if TYPE_CHECKING:
    from .change import Change

FORMAT = 1
CANNOT: Final = "cannot judge"
Answer = Literal["pass", "warn", "block", "cannot judge"]
STATUS: dict[Answer, int] = {"pass": 0, "warn": 0, "block": 1, "cannot judge": 3}

BY_CHANCE = frozenset(
    ("torn-write", "silent-loss", "double-apply", "hang", "no-recovery", "retry-storm", "not-tolerated",
     "not-serializable", "deadlock", "pool-exhausted", "invariant-broken")
)  # fmt: skip
"""Rules that compare runs of a test: of one that varies by itself they say nothing."""
WORST = (
    "silent-loss", "torn-write", "double-apply", "not-serializable", "invariant-broken", "write-without-where",
    "no-recovery", "hang", "deadlock", "pool-exhausted", "retry-storm", "not-tolerated", "timeout", "leak",
)  # fmt: skip
"""Lost data first, then what stands still, then what is slow."""
_ORDER = {rule: at for at, rule in enumerate((*WORST, *(rule for rule in RULES if rule not in WORST)))}


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """One finding, and what it does."""

    met: Met
    action: Action
    why: str = ""
    """Why it does something else than its rule would; with `accepted`, by whom or what."""
    accepted: Literal["", "waived", "baseline", "elsewhere"] = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """What decides beside single findings."""

    does: Literal["warn", "block", "cannot judge"]
    text: str
    always: bool = False
    """Of `cannot judge`: whatever was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """May this be merged?"""

    answer: Answer
    reasons: tuple[Reason, ...]
    findings: tuple[Decided, ...]
    """All of them, worst first."""
    gathered: Gathered
    gone: tuple[Known, ...]
    """Entries of the baseline that are there no more."""
    matched: Matched

    @property
    def status(self) -> int:
        """The command's exit status."""
        return STATUS[self.answer]

    @property
    def counts(self) -> dict[str, int]:
        """The figures of the last line."""
        actions = Counter(
            one.accepted or {Action.BLOCK: "blocking", Action.WARN: "warning"}.get(one.action, "ignored")
            for one in self.findings
        )
        found, runs = self.gathered, self.gathered.runs
        return {
            **{kind: actions[kind] for kind in ("blocking", "warning", "ignored", "waived", "baseline", "elsewhere")},
            "gone": len(self.gone),
            "allowed": found.allowed,
            "reports": len(runs),
            "tests": len(found.tests),
            "failed_themselves": len(found.failed),
            "statements": sum(run.statements for run in runs),
            "cannot_tell": sum(run.cannot_tell for run in runs),
            "scenarios": sum(run.scenarios for run in runs),
            "left_out": sum(run.left_out for run in runs),
        }

    def to_json(self) -> dict[str, Any]:
        """For tools; the same for the same reports in any order."""
        runs = self.gathered.runs
        return {
            "format": FORMAT,
            "answer": self.answer,
            "exit_status": self.status,
            "reasons": [{"does": reason.does, "text": reason.text} for reason in self.reasons],
            "counts": self.counts,
            "levels": [str(level) for level in sorted({run.level for run in runs})],
            "commits": _distinct(run.commit for run in runs),
            "profiles": _distinct(run.profile for run in runs),
            "findings": [
                {
                    "action": str(one.action),
                    "why": one.why,
                    "rule": one.met.rule,
                    "title": one.met.title,
                    "subject": one.met.subject,
                    "source": one.met.source,
                    "test": one.met.test,
                    "tests": len(one.met.tests),
                    "fingerprint": one.met.fingerprint,
                }
                for one in self.findings
                if one.action > Action.IGNORE
            ],
        }


@uncollected()
def decide(
    found: Gathered, policy: Policy, *, today: date, baseline: Sequence[Known] = (), change: Change | None = None
) -> Verdict:
    """The same for the same reports, in any order; `today` decides about waivers alone. With `change`, only what is of it counts."""
    matched = match(baseline, found)
    used = _used(policy.waivers, found)
    flaky = {test for met in found.findings.values() if met.rule == "flaky" for test in met.tests}
    waivers = {fingerprint: waiver for waiver in policy.waivers for fingerprint in used[waiver] if waiver.until < today}
    waivers |= {
        fingerprint: waiver for waiver in policy.waivers for fingerprint in used[waiver] if waiver.until >= today
    }
    decided = sorted(
        (
            _of(change, _decided(met, policy, waivers.get(met.fingerprint), matched, flaky, today))
            for met in found.findings.values()
        ),
        key=_worst,
    )
    reasons = (
        *_mixed(found.runs),
        *_clock(found.runs, policy, today),
        *_short(found, policy),
        *_others(found, policy),
        *_stale(found, decided, change),
        *(Reason(does="warn", text=f"the waiver of {waiver} matches nothing: take it out") for waiver in policy.waivers if not used[waiver]),
    )  # fmt: skip
    return Verdict(
        answer=_answer(reasons, decided), reasons=reasons, findings=tuple(decided), gathered=found,
        gone=matched.gone, matched=matched,
    )  # fmt: skip


def decide_run(report: Report | None, policy: Policy, *, root: Path, today: date) -> Verdict:
    """About the run that has just ended, if it had a marked test; raises UsageError where the baseline is missing."""
    found = Gathered()
    if report is not None:
        found.add(report.to_json())
    known = load(root / policy.baseline) if policy.baseline else ()
    return decide(found, policy, today=today, baseline=known)


def _answer(reasons: Iterable[Reason], decided: Sequence[Decided]) -> Answer:
    said = list(reasons)
    worst = max((one.action for one in decided), default=Action.IGNORE)
    if any(reason.always for reason in said):
        return "cannot judge"
    if worst is Action.BLOCK or any(reason.does == "block" for reason in said):
        return "block"
    if any(reason.does == CANNOT for reason in said):
        return "cannot judge"
    return "warn" if worst is Action.WARN or said else "pass"


def _decided(
    met: Met, policy: Policy, waiver: Waiver | None, matched: Matched, flaky: set[str], today: date
) -> Decided:
    action = policy.action(met.rule, met.path)
    if action is Action.IGNORE:
        return Decided(met=met, action=action)
    if waiver is not None and waiver.until >= today:
        why = f"waived until {waiver.until} by {waiver.owner}: {waiver.reason}"
        return Decided(met=met, action=Action.IGNORE, why=why, accepted="waived")
    known = matched.known.get(met.fingerprint, 0)
    if known >= len(met.places):
        return Decided(met=met, action=Action.IGNORE, why="in the baseline", accepted="baseline")
    why = f"the baseline has {known} of its {len(met.places)} lines" if known else ""
    if waiver is not None:
        why = f"the waiver of {waiver.owner} has expired: it held until {waiver.until}"
        return Decided(met=met, action=Action.BLOCK, why=why)
    if met.rule in BY_CHANCE and met.tests <= flaky and policy.flaky < action:
        return Decided(met=met, action=policy.flaky, why="its test is flaky")
    return Decided(met=met, action=action, why=why)


def _of(change: Change | None, one: Decided) -> Decided:
    if change is None or one.action is Action.IGNORE or change.has(one.met):
        return one
    why = f"not of the change since {change.revision}"
    return Decided(met=one.met, action=Action.IGNORE, why=why, accepted="elsewhere")


def _stale(found: Gathered, decided: Sequence[Decided], change: Change | None) -> Iterator[Reason]:
    """Where lines are not those of the reports, or what was found before is not of where the change began."""
    if change is None:
        return
    of = _distinct(run.commit for run in found.runs)
    if len(of) == 1 and of[0] != change.head:
        text = f"the reports are of commit {of[0][:12]}, and {change.head[:12]} is checked out: run the tests again"
        yield Reason(does=CANNOT, text=text, always=True)
    if change.before is not None:
        before = _distinct(run.commit for run in change.before.runs)
        if before and before != [change.base]:
            shown = ", ".join(commit[:12] for commit in before[:4])
            yield Reason(does="warn", text=f"--before is of {shown}; the change began at {change.base[:12]}")
    elif change.wide and any(one.accepted == "elsewhere" for one in decided):
        shown = ", ".join(change.wide[:3]) + (", …" if len(change.wide) > 3 else "")
        yield Reason(
            does="warn",
            text=f"{shown} changed, which may cause findings anywhere: --before with the reports of {change.revision} tells",
        )


def _worst(one: Decided) -> tuple[int, int, str, int, str, int, str]:
    met = one.met
    return (
        -one.action, _ORDER.get(met.rule, len(_ORDER)), met.rule, -len(met.tests), met.path, met.line or 0, met.fingerprint,
    )  # fmt: skip


def _used(waivers: Sequence[Waiver], found: Gathered) -> Mapping[Waiver, list[str]]:
    """By waiver the findings that it covers; where its fingerprint is there no more, those of a renamed file."""
    by_rule: dict[str, list[Met]] = {}
    if waivers:
        for met in found.findings.values():
            by_rule.setdefault(met.rule, []).append(met)
    used = {}
    for waiver in waivers:
        used[waiver] = _covered(waiver, by_rule, renamed=False)
        if not used[waiver] and waiver.fingerprint is not None and waiver.path is None:
            used[waiver] = _covered(waiver, by_rule, renamed=True)
    return used


def _covered(waiver: Waiver, by_rule: Mapping[str, list[Met]], *, renamed: bool) -> list[str]:
    return [
        met.fingerprint
        for met in by_rule.get(waiver.rule, ())
        if waiver.covers(
            rule=met.rule, subject=met.subject, path=met.path, fingerprint=met.fingerprint, renamed=renamed
        )
    ]


def _mixed(runs: Sequence[Run]) -> Iterator[Reason]:
    """Reports that do not belong together."""
    for what, values in (("commits", (run.commit for run in runs)), ("profiles", (run.profile for run in runs))):
        distinct = _distinct(values)
        if len(distinct) > 1:
            shown = ", ".join(value[:12] for value in distinct[:4]) + (", …" if len(distinct) > 4 else "")
            text = f"the reports are of {len(distinct)} {what}: {shown}; give those of one run of the job"
            yield Reason(does=CANNOT, text=text, always=True)


def _distinct(values: Iterable[str | None]) -> list[str]:
    return sorted({value for value in values if value})


def _clock(runs: Sequence[Run], policy: Policy, today: date) -> Iterator[Reason]:
    begun = max((day for run in runs if (day := _day(run.started_at)) is not None), default=None)
    # A day of difference is a matter of time zones.
    if policy.waivers and begun is not None and today < begun - timedelta(days=1):
        text = f"the clock says {today}, and a report was begun on {begun}: waivers cannot be judged; set the clock"
        yield Reason(does=CANNOT, text=text, always=True)


def _day(text: str) -> date | None:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def _short(found: Gathered, policy: Policy) -> Iterator[Reason]:
    """What a run has not judged."""
    runs, least = found.runs, policy.minimum
    if not runs:
        yield Reason(does=CANNOT, text="there is no report: no marked test ran", always=True)
        return
    interrupted = sum(run.interrupted for run in runs)
    if interrupted:
        text = "the run was interrupted" if len(runs) == 1 else f"{interrupted} of {len(runs)} runs were interrupted"
        yield Reason(does=CANNOT, text=text)
    counted = [run for run in runs if run.level >= least.level]
    tests = sum(level >= least.level for level in found.tests.values())
    judged, untold = sum(run.statements for run in counted), sum(run.cannot_tell for run in counted)
    at = "" if least.level == Level.DEV else f" at {least.level} or above"
    if not counted:
        highest = max(run.level for run in runs)
        yield Reason(does=CANNOT, text=f"no report is of {least.level} or above; the highest is of {highest}")
    elif not tests:
        yield Reason(does=CANNOT, text=f"no marked test ran{at}")
    elif not judged and not any(run.scenarios for run in counted) and not found.findings:
        told = f", and {count(untold, 'statement')} could not be judged" if untold else ""
        yield Reason(does=CANNOT, text=f"nothing was judged{at}: the marked tests sent nothing that can be{told}")
    else:
        if tests < least.tests:
            yield Reason(does="block", text=f"{count(tests, 'marked test')} ran{at}; at least {least.tests} must")
        share = judged / (judged + untold) if judged + untold else 1.0
        if share < least.judged:
            text = f"{share:.1%} of the statements could be judged{at}; at least {least.judged:.1%} must"
            yield Reason(does="block", text=text)


def _others(found: Gathered, policy: Policy) -> Iterator[Reason]:
    untold = sum(run.cannot_tell for run in found.runs)
    if untold and policy.cannot_tell is not Action.IGNORE:
        yield Reason(does=_does(policy.cannot_tell), text=f"{count(untold, 'statement')} could not be judged")
    if found.failed and policy.failed is not Action.IGNORE:
        itself = "itself" if len(found.failed) == 1 else "themselves"
        yield Reason(does=_does(policy.failed), text=f"{_tests(found.failed)} failed by {itself}")


def _does(action: Action) -> Literal["warn", "block"]:
    return "block" if action is Action.BLOCK else "warn"


def _tests(names: Iterable[str]) -> str:
    first, *rest = sorted(names)
    return first if not rest else f"{first} and {len(rest)} more"


def count(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
