"""Findings for whoever mends them, people or programs: plain text within a budget, what to do before how it is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.findings import Finding
from ..policy import Action
from ..verdict import Decided, Verdict, count
from .answer import WORDS
from .terminal import clean

PER_TOKEN = 3
"""Characters; code and SQL have some more to a token, so what is counted here fits."""
_LEFT = 160
"""Characters for what names what did not fit."""
_SHOWN = ("called_from", "also", "isolationtester", "executions", "token")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """`first`: the smaller, the more it is needed."""

    label: str
    lines: Sequence[str]
    first: int


def text(one: Decided, *, budget: int) -> str:
    """One finding in at most so many tokens; what does not fit is named."""
    parts = list(_parts(one))
    room = budget * PER_TOKEN - _LEFT
    kept: dict[str, list[str]] = {}
    left: list[str] = []
    for part in sorted(parts, key=lambda part: part.first):
        lines, room = _fitting(part, room)
        if lines:
            kept[part.label] = lines
        if len(lines) < len(part.lines):
            left.append(part.label)
    out = [line for part in parts if part.label in kept for line in _block(part.label, kept[part.label])]
    if left:
        out.append(f"left out or cut: {', '.join(left)}; --budget {2 * budget} shows more")
    return "\n".join(out) + "\n"


def overview(verdict: Verdict, *, budget: int) -> str:
    """One line for each finding, worst first, in at most so many tokens."""
    shown = [one for one in verdict.findings if one.action > Action.IGNORE]
    head = f"{WORDS[verdict.answer]}: {count(len(shown), 'finding')}"
    room = budget * PER_TOKEN - len(head) - 120
    lines = [head]
    for number, one in enumerate(shown):
        met = one.met
        line = f"{met.fingerprint} {_does(one)} {clean(met.rule)} {_short(clean(met.title), 120)} · {_short(clean(met.source), 120)}"
        room -= len(line) + 1
        if room < 0:
            lines.append(f"and {count(len(shown) - number, 'more finding')}; --budget {2 * budget} shows more")
            break
        lines.append(line)
    if shown:
        lines.append("one of them: prodparity explain-finding FINGERPRINT")
    return "\n".join(lines) + "\n"


def steps(finding: Finding) -> list[str]:
    """What to do, one after the other; the last is how to see that it is done."""
    remedy = finding.remedy
    found = []
    if remedy is not None and remedy.sql:
        proof = f" ({clean(remedy.proof)})" if remedy.proof else ""
        found.append(f"in a migration, run on production: {clean(remedy.sql)}{proof}")
    if remedy is not None and remedy.text:
        found.append(clean(remedy.text))
    if finding.replay:
        found.append(f"this must pass: {clean(finding.replay)}")
    return found


def facts(one: Decided) -> dict[str, Any]:
    """For programs."""
    finding = one.met.full
    assert finding is not None
    return {
        **finding.to_json(),
        "action": str(one.action),
        "why": one.why,
        "steps": steps(finding),
        "tests": sorted(one.met.tests),
    }


def _parts(one: Decided) -> Iterator[_Part]:
    met, finding = one.met, one.met.full
    assert finding is not None
    function = f" in {clean(finding.source.function)}" if finding.source and finding.source.function else ""
    head = [
        f"{clean(met.rule)}: {clean(met.title)}",
        f"at {clean(met.source)}{function} · {_does(one)} · {met.fingerprint}",
    ]
    yield _Part(label="", lines=head + ([clean(one.why)] if one.why else []), first=0)
    yield _Part(label="to do", lines=[f"{at}. {step}" for at, step in enumerate(steps(finding), 1)], first=1)
    yield _Part(label="statement", lines=[clean(finding.statement)] if finding.statement else [], first=2)
    yield _Part(label="in production", lines=[clean(finding.production)] if finding.production else [], first=3)
    yield _Part(label="what happens", lines=[clean(line, keep_indent=True) for line in finding.trace], first=4)
    yield _Part(
        label="called from", lines=[clean(str(each)) for each in _listed(finding.details.get("called_from"))], first=5
    )
    yield _Part(label="met by", lines=[clean(test) for test in (met.test, *sorted(met.tests - {met.test}))], first=6)
    yield _Part(label="production's plan", lines=[clean(line, keep_indent=True) for line in finding.plan], first=7)
    yield _Part(
        label="at the same place", lines=[_told(each) for each in _listed(finding.details.get("also"))], first=8
    )
    yield _Part(label="figures", lines=list(_figures(finding.details)), first=9)


def _figures(details: Mapping[str, Any]) -> Iterator[str]:
    for key, value in details.items():
        if key not in _SHOWN and value is not None:
            yield clean(f"{key.replace('_', ' ')}: {_told(value)}")


def _told(value: object) -> str:
    if isinstance(value, Mapping):
        return clean("; ".join(f"{key} {_told(each)}" for key, each in value.items() if each is not None))
    if isinstance(value, list | tuple):
        return ", ".join(map(_told, value))
    return clean(f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value))


def _listed(value: object) -> Sequence[object]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _fitting(part: _Part, room: int) -> tuple[list[str], int]:
    """As many lines as fit; a line that does not is cut if it is the part's first."""
    kept: list[str] = []
    room -= len(part.label) + 2
    for line in part.lines:
        need = len(line) + 3
        if need > room:
            if not kept and room > 40:
                kept.append(f"{line[: room - 6]} …")
                room = 0
            break
        kept.append(line)
        room -= need
    return kept, max(0, room)


def _block(label: str, lines: Sequence[str]) -> list[str]:
    return [*([f"{label}:"] if label else []), *(f"  {line}" if label else line for line in lines)]


def _does(one: Decided) -> str:
    return {Action.BLOCK: "blocks", Action.WARN: "warns"}.get(one.action, one.accepted or "ignored")


def _short(said: str, most: int) -> str:
    return said if len(said) <= most else f"{said[: most - 1]}…"
