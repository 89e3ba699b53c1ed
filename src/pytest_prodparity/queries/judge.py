"""From one test's trips to its judgement."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..core.expectation import Expectation
from ..core.findings import Finding, Judgement, Untold
from ..profile.model import Profile
from ..twin.plan import CannotTell
from ..wire.trip import Trip
from .growth import Growth
from .pauses import Pause
from .planning import Planner, Plans
from .rules import ORDER
from .rules.n_plus_one import NPlusOne
from .rules.protocol import Claim, Evidence, Rule
from .statements import sort

DROPPED = "{count} round trips more than can be kept were sent and not judged"


def judge(
    trips: Sequence[Trip],
    *,
    planner: Planner | None,
    profile: Profile | None,
    expectation: Expectation,
    thresholds: Mapping[str, Mapping[str, float]],
    test: str,
    root: Path | None = None,
    pauses: Sequence[Pause] = (),
    left_open: Collection[int] = (),
    dropped: int = 0,
    growth: Growth | None = None,
    rules: Sequence[Rule] = ORDER,
) -> Judgement:
    """Judge what a test sent between its fixtures' set-up and tear-down.

    Pass one `Plans(planner, profile)` as the planner for a whole run: it remembers across tests. `pauses` and `dropped`
    come from the recorder; `left_open` are the wire's connections that are still open when the test's call ends; `growth`
    is what the test's database held, and what the same test sent on fewer rows.
    Without a planner only rules that need no plan are applied, and everything else is "cannot tell".
    """
    plans = planner if planner is None or isinstance(planner, Plans) else Plans(planner, profile)
    if plans is not None and plans.profile is not None:
        profile = plans.profile
    found = sort(trips)
    evidence = Evidence(
        test=test, trips=tuple(sorted(trips, key=lambda trip: trip.started)), sorted=found, expectation=expectation,
        profile=profile, plans=plans, thresholds=thresholds, pauses=tuple(pauses), left_open=left_open,
        root=root or Path.cwd(), growth=growth,
    )  # fmt: skip
    claims, broken = _found(evidence, rules)
    findings, allowed = _settled(claims, expectation.allow)
    untold = broken + _untold(evidence, {id(claim.group) for claim in claims if claim.group is not None})
    missing = {id(group) for group in found.groups} & set(evidence.untold)
    told = sum(len(group.executions) for group in found.groups if id(group) not in missing)
    if dropped:
        untold.append(Untold(statement="", reason=DROPPED.format(count=f"{dropped:,}"), test=test))
    return Judgement(findings=tuple(findings), allowed=tuple(allowed), untold=tuple(untold), statements=told)


def _found(evidence: Evidence, rules: Sequence[Rule]) -> tuple[list[Claim], list[Untold]]:
    """Every rule's claims. A rule that breaks over a plan it does not understand costs its own verdict, not the test."""
    claims: list[Claim] = []
    broken: list[Untold] = []
    for rule in rules:
        try:
            claims += rule.find(evidence)
        except Exception as error:  # noqa: BLE001  # whatever it is, the user's test is not its cause
            # Not the message: it may hold a value.
            reason = f"the rule {rule.id} broke with {type(error).__name__}; please report it"
            broken.append(Untold(statement="", reason=reason, test=evidence.test))
    return claims, broken


def _untold(evidence: Evidence, claimed: set[int]) -> list[Untold]:
    """What has no plan, or a plan that says nothing; a finding about the same statement makes up for it."""
    for group in evidence.sorted.groups:
        reading = evidence.asked(group)[0]
        if isinstance(reading, CannotTell):
            if not reading.utility:
                evidence.cannot_tell(group, reading.reason)
        elif reading.unread and not reading.scans:
            evidence.cannot_tell(group, reading.unread[0])
        elif reading.unread:
            evidence.cannot_tell(group, "; ".join(dict.fromkeys(reading.unread)))
    for key in claimed:
        evidence.untold.pop(key, None)
    return list(evidence.untold.values())


def _settled(claims: list[Claim], allow: Sequence[str]) -> tuple[list[Finding], list[Finding]]:
    """Each statement once, by the first rule that claims it and is not allowed; the others stand in its details.

    How often a statement runs and what one run reads are two problems with two remedies: `n-plus-one` stands beside.
    """
    allowed: dict[object, Finding] = {}
    first: dict[object, Claim] = {}
    for at, claim in enumerate(claims):
        if is_allowed(claim.finding, allow):
            allowed.setdefault(_place(claim), claim.finding)
            continue
        key = at if claim.group is None else (id(claim.group), claim.finding.rule == NPlusOne.id)
        if key in first:
            first[key] = Claim(claim.group, _with(first[key].finding, claim.finding))
        else:
            first[key] = claim
    # One line that sends several shapes of a statement (optional filters, other columns) is reported once.
    findings: dict[object, Finding] = {}
    for claim in first.values():
        findings.setdefault(_place(claim), claim.finding)
    return list(findings.values()), list(allowed.values())


def _place(claim: Claim) -> object:
    """Where a problem is: with all callers, since one function of the user's may send everyone's statements."""
    finding, group = claim.finding, claim.group
    stack = group.executions[0].trip.stack if group is not None else ()
    shown = finding.statement if finding.source is None else None
    return finding.rule, finding.subject, finding.source, stack, shown


def _with(first: Finding, other: Finding) -> Finding:
    also: list[dict[str, Any]] = list(first.details.get("also", ()))
    fix = other.remedy
    also.append(
        {
            "rule": other.rule, "subject": other.subject, "title": other.title,
            "remedy": fix.text if fix else None, "sql": fix.sql if fix else None, "proof": fix.proof if fix else None,
        }
    )  # fmt: skip
    return dataclasses.replace(first, details={**first.details, "also": also})


def is_allowed(finding: Finding, allow: Sequence[str]) -> bool:
    """`rule`, or `rule:subject` where the subject may hold `*` and `?`."""
    for entry in allow:
        rule, colon, subject = entry.partition(":")
        names = (finding.subject, f"public.{finding.subject}")
        if rule == finding.rule and (
            not colon or subject in names or any(fnmatchcase(each, subject) for each in names)
        ):
            return True
    return False
