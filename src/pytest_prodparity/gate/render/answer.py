"""A verdict on the terminal: the answer, why, and what to look at first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ..policy import Action
from ..verdict import Verdict, count
from .terminal import Line, clean, plain

MOST = 40
"""Findings that are shown; the rest is counted."""
WORDS = {"pass": "passes", "warn": "passes, with warnings", "block": "blocked", "cannot judge": "could not be judged"}
STYLES = {"pass": "good", "warn": "rule", "block": "bad", "cannot judge": "bad"}


def lines(verdict: Verdict, *, width: int, most: int = MOST) -> Iterator[Line]:
    """The answer first, the worst finding next, the figures last; `most` 0 where the findings are shown elsewhere."""
    yield from map(inert, _lines(verdict, width, most))


def _lines(verdict: Verdict, width: int, most: int) -> Iterator[Line]:
    yield plain(f"gate: {WORDS[verdict.answer]}", STYLES[verdict.answer])
    for reason in verdict.reasons:
        label = f"  {reason.does:<8} "
        text = textwrap.wrap(clean(reason.text), max(40, width - len(label)), break_long_words=False)
        for number, part in enumerate(text):
            yield Line(((label if number == 0 else " " * len(label), STYLES[reason.does]), (part, "")))
    shown = [one for one in verdict.findings if one.action > Action.IGNORE]
    for one in shown[:most]:
        met = one.met
        style = "bad" if one.action is Action.BLOCK else "rule"
        head = f"  {one.action!s:<8} "
        yield Line(((head, style), (clean(met.rule), "rule"), (f"   {clean(met.title)}", "")))
        also = f" and {count(len(met.tests) - 1, 'other test')}" if len(met.tests) > 1 else ""
        at = clean(met.source) if met.line is None else f"{clean(met.source)} in {clean(met.test)}"
        yield plain(f"{' ' * len(head)}{at}{also}   {met.fingerprint}", "muted")
        if one.why:
            yield plain(f"{' ' * len(head)}{clean(one.why)}")
    if len(shown) > most > 0:
        yield plain(f"  and {len(shown) - most:,} more (--json has all)", "muted")
    yield from (plain(part, "muted") for part in textwrap.wrap(" · ".join(figures(verdict)), width))


def figures(verdict: Verdict) -> list[str]:
    """What was found and judged, in a few words each."""
    counts = verdict.counts
    found = [count(counts["blocking"], "finding") + (" blocks" if counts["blocking"] == 1 else " block")]
    words = {
        "warning": "warn",
        "baseline": "in the baseline",
        "waived": "waived",
        "elsewhere": "elsewhere",
        "ignored": "ignored",
        "allowed": "allowed by markers",
    }
    found += [f"{counts[kind]:,} {word}" for kind, word in words.items() if counts[kind]]
    levels = sorted({run.level for run in verdict.gathered.runs})
    at = f" at {' and '.join(str(level) for level in levels)}" if levels else ""
    judged = f"{count(counts['statements'], 'statement')} judged"
    if counts["cannot_tell"]:
        judged += f", {counts['cannot_tell']:,} cannot tell"
    parts = [", ".join(found), count(counts["tests"], "test") + at, judged]
    if counts["scenarios"] or counts["left_out"]:
        left = f", {counts['left_out']:,} left out" if counts["left_out"] else ""
        parts.append(count(counts["scenarios"], "scenario") + left)
    if counts["reports"] > 1:
        parts.append(count(counts["reports"], "report"))
    if counts["gone"]:
        parts.append(f"{counts['gone']:,} of the baseline gone (--update takes them out)")
    return parts


def inert(line: Line) -> Line:
    """A line that a CI server does not take for a command, whatever a report holds."""
    if not line.text.lstrip().startswith("::") and "##[" not in line.text:
        return line
    return plain(line.text.replace("::", ":\N{ZERO WIDTH SPACE}:").replace("##[", "# #["))
