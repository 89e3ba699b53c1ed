"""A verdict as a finding: what failed, what came of it, what to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from ..core.findings import Finding, Remedy
from ..queries.fingerprint import shape
from .gates import Asked
from .identity import CONNECT
from .oracle import Faulted, Verdict
from .scenario import Shape

CAUSES: Mapping[str, str] = {
    "reset-peer": "connection lost before {what}",
    "reply-lost": "the reply to {what} lost",
    "black-hole": "no answer to {what}",
    "half-open": "connection lost at {what}, which the server does not notice",
    "terminated": "backend terminated at {what}",
    "failover": "failover to a read-only server at {what}",
    "restart": "server restarted at {what}",
    "refuse": "connection refused",
    "refuse-closed": "connection refused, and nobody there any more",
    "starved": "no connection left (53300)",
    "503": "503 instead of {what}",
    "500": "500 instead of {what}",
    "429": "429 instead of {what}",
    "html": "a page instead of the answer to {what}",
    "cut-body": "the answer to {what} cut short",
    "empty-reply": "no reply to {what}, and the end of the connection",
    "malformed-chunk": "the answer to {what} garbled in its middle",
    "slow-headers": "the head of the answer to {what} line by line",
    "dribble": "the answer to {what} drop by drop",
    "slow": "a slow answer to {what}",
    "slicer": "the answer to {what} in small pieces",
    "bandwidth": "a slow network at {what}",
    "40001": "serialization failure (40001) at {what}",
    "40P01": "deadlock (40P01) at {what}",
    "57014": "statement cancelled (57014) at {what}",
    "55P03": "lock not available (55P03) at {what}",
    "53300": "no connection left (53300)",
    "57P03": "the server is starting up (57P03)",
    "53100": "disk full (53100) at {what}",
}

REMEDIES: Mapping[str, str] = {
    "torn-write": "put what belongs together into one transaction, and commit it once, at the end",
    "silent-loss": "do not swallow the error: let it reach the caller, or write again until it is there",
    "double-apply": "give the operation an idempotency key with a unique constraint, and ask for it before trying again: "
    "a lost reply does not say whether the work was done",
    "hang": "set a deadline: connect_timeout and tcp_user_timeout for the connection, a timeout for each call",
    "no-recovery": "throw a connection away once it failed: pool_pre_ping or a pool that checks, and on 25006 (read-only) too",
    "retry-storm": "bound the attempts, and wait between them, longer each time and with jitter",
    "not-tolerated": "try the whole transaction again on a new connection, a few times, with a pause",
    "leak": "use `with` for the connection, so that it is closed whatever happens",
}


def finding(run: Faulted, verdict: Verdict, *, test: str, number: int, of: int, also: list[str]) -> Finding:
    """`number`, `of`: the trip's place in the clean run; `also`: other scenarios with the same outcome."""
    asked = run.struck[0]
    what = named(asked)
    cause = cause_of(run, what)
    details: dict[str, object] = {"scenario": run.scenario.token, "trip": number, "trips": of}
    if verdict.missing:
        details["missing"] = _counted(verdict.missing)
    if verdict.extra:
        details["too many" if verdict.rule == "double-apply" else "there"] = _counted(verdict.extra)
    if asked.foreign:
        details["sent by"] = "another process"
    if also:
        details["also"] = also
    return Finding(
        rule=verdict.rule,
        title=f"{cause}: {_came(verdict)}",
        subject=verdict.table or what,
        test=test,
        source=asked.source,
        statement="; ".join(shape(sql).text for sql in asked.statements) or None,
        production=f"trip {number} of {of}: {what} · {_evidence(verdict)}",
        details=details,
        remedy=Remedy(text=REMEDIES[verdict.rule]),
    )


def cause_of(run: Faulted, what: str) -> str:
    """`the reply to COMMIT lost`, and for how long."""
    scenario = run.scenario
    cause = CAUSES.get(scenario.kind.name, f"{scenario.kind.name} at {{what}}").format(what=what)
    lasts = {Shape.ONCE: "", Shape.WINDOW: f" for {scenario.seconds:g} s", Shape.PERSISTENT: " from then on"}
    return cause + lasts[scenario.shape]


def named(asked: Asked) -> str:
    """A trip in a word or three: `COMMIT`, `INSERT INTO payments`, `POST /charge`."""
    if asked.identity.what == CONNECT:
        return "connect"
    if asked.protocol != "postgres":
        return "; ".join(asked.statements)
    names = []
    for sql in asked.statements[-1:]:
        made = shape(sql)
        target = _TARGET.search(made.key)
        names.append(
            f"{made.verb.upper() or 'statement'}{f' {target[0].upper().split()[0]} {made.tables[0]}' if target and made.tables else ''}"
        )
    return names[0].replace("UPDATE UPDATE", "UPDATE") if names else "a statement"


_TARGET = re.compile(r"\b(into|from|update)\b")


def _came(verdict: Verdict) -> str:
    if verdict.rule == "torn-write":
        return f"{verdict.found} of {_plural(verdict.expected, 'change')} stayed"
    if verdict.rule == "silent-loss":
        lost = len(verdict.missing)
        return f"no error, and {lost} of {_plural(verdict.expected, 'change')} {'is' if lost == 1 else 'are'} missing"
    if verdict.rule == "double-apply":
        return f"done more than once, {_plural(len(verdict.extra), 'change')} too many"
    return verdict.said


def _evidence(verdict: Verdict) -> str:
    if verdict.rule == "torn-write":
        return f"stayed {_short(verdict.extra)}; missing {_short(verdict.missing)}"
    if verdict.rule == "silent-loss":
        return f"missing {_short(verdict.missing)}"
    if verdict.rule == "double-apply":
        return f"too many {_short(verdict.extra)}"
    return verdict.said


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _short(changes: tuple[str, ...]) -> str:
    return ", ".join(f"{count} {name}" for name, count in _counted(changes).items()) or "nothing"


def _counted(changes: tuple[str, ...]) -> dict[str, int]:
    """By kind and table: `insert payments`. Without values."""
    return dict(Counter(text.split(";", 1)[0] for text in changes))
