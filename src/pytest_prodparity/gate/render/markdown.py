"""Markdown for a job's summary or a pull request's comment: the answer, a table, evidence as far as it fits.

What comes from a program under test is code: in `<code>` every character that means something to Markdown or HTML is written as its
number, so that nothing ends the cell, names a user or becomes a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...core.findings import Finding
from ..policy import Action
from ..verdict import Decided, Verdict, count
from .answer import WORDS, figures
from .terminal import clean

SUMMARY = 1 << 20
"""Bytes that GitHub shows of a job's summary."""
COMMENT = 65_536
"""Characters of a comment; bytes are never fewer."""
_SHARE = 0.6
"""The table's part of the room; evidence has the rest."""
_ROOM = 400
"""Bytes for what says what did not fit."""
_LONG = 500
"""Characters of one thing; each may become seven."""


def text(verdict: Verdict, *, limit: int = SUMMARY) -> str:
    """At most `limit` bytes of UTF-8."""
    shown = [one for one in verdict.findings if one.action > Action.IGNORE]
    head = _head(verdict, limit / 4)
    room = limit - _size(head) - _ROOM
    rows, left = _fitting((_row(one) for one in shown), room * _SHARE)
    evidence, _ = _fitting((_evidence(one) for one in shown), room - (room * _SHARE - left))
    parts = [head]
    if rows:
        parts.append("\n| | rule | what production would do | where | tests |\n|---|---|---|---|---|\n" + "".join(rows))
    if evidence:
        parts.append("\n" + "".join(evidence))
    if len(rows) < len(shown) or len(evidence) < len(shown):
        parts.append(
            f"\n{len(shown) - len(rows):,} more findings did not fit here, and the evidence of "
            f"{len(shown) - len(evidence):,}: they are in the report file.\n"
        )
    return "".join(parts)


def _head(verdict: Verdict, room: float) -> str:
    """The answer and its reasons, as far as they fit."""
    head = f"### Production parity: {WORDS[verdict.answer]}\n\n{' · '.join(figures(verdict))}\n"
    every = verdict.reasons
    reasons, _ = _fitting((f"- **{one.does}**: {quoted(one.text[:_LONG])}\n" for one in every), room - _size(head))
    if len(reasons) < len(every):
        reasons.append(f"- and {count(len(every) - len(reasons), 'more reason')}\n")
    return head + ("\n" if reasons else "") + "".join(reasons)


def _row(one: Decided) -> str:
    met = one.met
    does = "**blocks**" if one.action is Action.BLOCK else "warns"
    what = quoted(met.title[:_LONG]) + (f"<br>{quoted(one.why[:_LONG])}" if one.why else "")
    return f"| {does} | {code(met.rule)} | {what} | {code(met.source[:_LONG])} | {len(met.tests):,} |\n"


def _evidence(one: Decided) -> str:
    met, finding = one.met, one.met.full
    if finding is None:
        return ""
    lines = [f"<details><summary>{code(met.rule)} {code(met.source[:_LONG])}</summary>", ""]
    if finding.statement:
        lines += [_block(finding.statement), ""]
    if finding.production:
        lines += [f"- production: {quoted(finding.production[:_LONG])}"]
    lines += [f"- {line}" for line in _remedy(finding)]
    lines += [f"- test: {code(met.test[:_LONG])}"]
    if finding.replay:
        lines += [f"- replay: {code(finding.replay[:_LONG])}"]
    lines += [f"- fingerprint: {code(met.fingerprint)}", "", "</details>", ""]
    return "\n".join(lines) + "\n"


def _remedy(finding: Finding) -> Iterator[str]:
    remedy = finding.remedy
    if remedy is None:
        return
    if remedy.sql:
        said = remedy.proof or remedy.text
        yield f"fix: {code(remedy.sql[:_LONG])}" + (f" ({quoted(said[:_LONG])})" if said else "")
    elif remedy.text:
        yield f"fix: {quoted(remedy.text[:_LONG])}"


def _fitting(parts: Iterator[str], room: float) -> tuple[list[str], float]:
    """As many as fit, in order, and the room that is left."""
    taken: list[str] = []
    for part in parts:
        room -= _size(part)
        if room < 0:
            return taken, room + _size(part)
        taken.append(part)
    return taken, room


def _size(part: str) -> int:
    return len(part.encode("utf-8", "replace"))


def quoted(said: str) -> str:
    """Running text in which nothing is Markdown, HTML, a link or a name."""
    inert = "".join(char if char.isalnum() or char in " ,;" else f"&#{ord(char)};" for char in clean(said))
    # What a server makes of text after it has read the Markdown: mentions and numbers of issues.
    return re.sub(r"&#(?:64|35);", lambda found: found[0] + "&#8203;", inert)


def code(said: str) -> str:
    """Code, in a cell as anywhere."""
    return (
        f"<code>{''.join(char if char.isalnum() or char == ' ' else f'&#{ord(char)};' for char in clean(said))}</code>"
    )


def _block(said: str) -> str:
    """A fenced block, with a fence that is longer than any in it."""
    bare = clean(said)[: 8 * _LONG]
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", bare)), default=0))
    return f"{fence}sql\n{bare}\n{fence}"
