"""GitLab's code quality report: a list of what a merge request shows beside its lines."""

from __future__ import annotations

import json

from ..policy import Action
from ..verdict import WORST, Decided, Verdict
from .terminal import clean

_LOST = WORST[: WORST.index("write-without-where") + 1]
"""Rules about data that is lost or wrong."""


def text(verdict: Verdict) -> str:
    """What blocks or warns, worst first."""
    shown = [one for one in verdict.findings if one.action > Action.IGNORE]
    return json.dumps([_entry(one) for one in shown], indent=1) + "\n"


def _entry(one: Decided) -> dict[str, object]:
    met = one.met
    return {
        "description": clean(f"{met.title} ({one.why})" if one.why else met.title),
        "check_name": met.rule,
        "fingerprint": met.fingerprint,
        "severity": _severity(one),
        "location": {"path": clean(met.path), "lines": {"begin": met.line or 1}},
    }


def _severity(one: Decided) -> str:
    if one.action is Action.WARN:
        return "minor"
    return "critical" if one.met.rule in _LOST else "major"
