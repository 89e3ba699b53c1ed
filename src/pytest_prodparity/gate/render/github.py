"""Annotations in a GitHub job: commands that its runner reads from what a step prints."""

from __future__ import annotations

from collections.abc import Iterator

from ..policy import Action
from ..verdict import Decided, Verdict, count
from .terminal import clean

MOST = 10
"""Errors, and warnings, that GitHub keeps of one step; each apart."""
_LONG = 1_000
"""Characters of one part of a message, which may have 64 kB in all, escaped."""


def lines(verdict: Verdict) -> Iterator[str]:
    """At most ten errors and ten warnings, worst first; then, as plain text, how many there are beyond."""
    said: dict[str, list[str]] = {"error": [], "warning": []}
    for reason in verdict.reasons:
        kind = "warning" if reason.does == "warn" else "error"
        said[kind].append(_command(kind, clean(reason.text[:_LONG]), title=f"Production parity: {reason.does}"))
    for one in verdict.findings:
        if one.action > Action.IGNORE:
            kind = "error" if one.action is Action.BLOCK else "warning"
            if len(said[kind]) < MOST:
                said[kind].append(_annotation(kind, one))
            else:
                said[kind].append("")
    for each in said.values():
        yield from each[:MOST]
    beyond = [count(len(each) - MOST, kind) for kind, each in said.items() if len(each) > MOST]
    if beyond:
        yield f"production parity: {' and '.join(beyond)} beyond what GitHub shows; the report file has all"


def _annotation(kind: str, one: Decided) -> str:
    met, finding = one.met, one.met.full
    message = [clean(met.title[:_LONG])]
    if one.why:
        message.append(clean(one.why[:_LONG]))
    if finding is not None:
        remedy = finding.remedy
        said = (
            ("production", finding.production),
            ("statement", finding.statement),
            ("fix", (remedy.sql or remedy.text) if remedy else None),
            ("replay", finding.replay),
        )
        message += [f"{label}: {clean(text[:_LONG])}" for label, text in said if text]
    where = {"file": clean(met.path[:_LONG]), "line": str(met.line or 1)}
    return _command(kind, "\n".join(message), title=clean(f"{met.rule} in {met.test}"[:_LONG]), **where)


def _command(kind: str, message: str, **properties: str) -> str:
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {said}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
