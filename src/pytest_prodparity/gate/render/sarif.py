"""SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from ...core.rules import RULES
from ..policy import Action
from ..verdict import Decided, Verdict
from .terminal import clean

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MOST = 25_000
"""Results that GitHub takes of one run."""
_FORM = "prodparity/v1"
"""Raised with what a fingerprint is made of."""


def text(verdict: Verdict) -> str:
    """What blocks, warns, is waived or in the baseline, worst first; what the policy ignores is left out."""
    shown = [one for one in verdict.findings if one.action > Action.IGNORE or one.accepted]
    rules = sorted({one.met.rule for one in shown[:MOST]})
    places = {rule: at for at, rule in enumerate(rules)}
    states = bool(verdict.matched.known or verdict.gone)
    suppressed = any(one.accepted for one in shown)
    said = [{"level": _notice(reason.does), "message": {"text": clean(reason.text)}} for reason in verdict.reasons]
    if len(shown) > MOST:
        beyond = f"{len(shown) - MOST:,} findings beyond {MOST:,} are in the report file only"
        said.append({"level": "warning", "message": {"text": beyond}})
    run = {
        "tool": {
            "driver": {
                "name": "pytest-prodparity",
                "version": version("pytest-prodparity"),
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "invocations": [{"executionSuccessful": verdict.status != 3, "toolExecutionNotifications": said}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, places[one.met.rule], states=states, suppressed=suppressed) for one in shown[:MOST]],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _notice(does: str) -> str:
    return "warning" if does == "warn" else "error"


def _rule(rule: str) -> dict[str, Any]:
    known = RULES.get(rule)
    return {"id": rule, "shortDescription": {"text": known.finds if known else rule}}


def _result(one: Decided, rule: int, *, states: bool, suppressed: bool) -> dict[str, Any]:
    met = one.met
    level = {Action.BLOCK: "error", Action.WARN: "warning"}.get(one.action, "note")
    result: dict[str, Any] = {
        "ruleId": met.rule,
        "ruleIndex": rule,
        "level": level,
        "message": {"text": "\n".join(_message(one))},
        "locations": [_location(one)],
        "partialFingerprints": {_FORM: met.fingerprint},
        "occurrenceCount": len(met.places),
        "properties": {"tests": len(met.tests), "test": clean(met.test)},
    }
    if states:
        result["baselineState"] = "unchanged" if one.accepted == "baseline" else "new"
    if suppressed:
        # Its status is "accepted" unless it is said; published schemas do not agree whether that is `status` or `state`.
        why = {"kind": "external", "justification": clean(one.why)}
        result["suppressions"] = [why] if one.accepted else []
    return result


def _message(one: Decided) -> list[str]:
    finding = one.met.full
    said = [clean(one.met.title)]
    if one.why and not one.accepted:
        said.append(clean(one.why))
    if finding is not None:
        remedy = finding.remedy
        parts = (
            ("production", finding.production),
            ("fix", (remedy.sql or remedy.text) if remedy else None),
            ("replay", finding.replay),
        )
        said += [f"{label}: {clean(text)}" for label, text in parts if text]
    return said


def _location(one: Decided) -> dict[str, Any]:
    met, finding = one.met, one.met.full
    path = clean(met.path)
    artifact = (
        {"uri": f"file://{quote(path)}"} if path.startswith("/") else {"uri": quote(path), "uriBaseId": "%SRCROOT%"}
    )
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": max(1, met.line or 1)}}
    }
    if finding is not None and finding.source is not None and finding.source.function:
        name = clean(finding.source.function)
        location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "function"}]
    return location
