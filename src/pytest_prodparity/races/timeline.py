"""A schedule as text: one column for each callable, in the order in which the trips were let go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..queries.fingerprint import shape
from .execution import Execution, Step, Waiting
from .tables import read

WIDTH = 100
LONGEST = 60
"""Rows; of a longer schedule the middle is left out."""
_SELECT_LIST = re.compile(r"^(SELECT) (?!…)(.*?) (FROM .*)$", re.IGNORECASE)
_LOCK = re.compile(r" FOR (?:NO KEY UPDATE|UPDATE|KEY SHARE|SHARE)\b.*$", re.IGNORECASE)
_INSERT = re.compile(r"^(INSERT INTO [\w.\"]+) .*?( ON CONFLICT.*)?$", re.IGNORECASE)
_ONE_ROW = re.compile(r"^SELECT (\d+)$")


@dataclass(frozen=True, slots=True)
class _Line:
    number: str
    actor: int
    text: str
    beside: str = ""


def called(actor: int) -> str:
    """An actor's name in what is shown: A, B, C."""
    return chr(ord("A") + actor) if actor < 26 else f"#{actor + 1}"


def timeline(
    run: Execution,
    *,
    names: Sequence[str] = (),
    differs: Sequence[str] = (),
    nearest: Sequence[int] = (),
    width: int = WIDTH,
) -> list[str]:
    """The lines. `names`: of the callables; `differs`, `nearest`: as in the verdict. No parameter's value is shown."""
    count = len(run.outcomes)
    lines = _shortened(_rows(run))
    shown = _in_columns(lines, count, names, width) if count == 2 else _in_a_list(lines, count, names, width)
    for waiting in run.waiting:
        shown.append(_cut(f"{called(waiting.actor)} {_stands(waiting)}", width))
    ends = [_ending(run, actor) for actor in range(count)]
    shown += [_cut(one, width) for one in ends if one]
    if differs:
        order = f", held against {', then '.join(called(actor) for actor in nearest)}" if nearest else ""
        shown.append(f"In the end{order}:")
        shown += [_cut(f"  {line}", width) for line in differs]
    return shown


def head(sql: str, width: int) -> str:
    """The beginning of a statement without its values; what it is about stays visible."""
    text = shape(sql).text
    if read(sql).control:
        text = text.upper() if len(text) < 12 else text
    if len(text) <= width:
        return text
    listed = _SELECT_LIST.match(text)
    if listed is not None:
        text = f"{listed[1]} … {listed[3]}"
    inserted = _INSERT.match(text)
    if inserted is not None and len(text) > width:
        text = f"{inserted[1]} …{inserted[2] or ''}"
    lock = _LOCK.search(text)
    if len(text) > width and lock is not None and len(lock[0]) < width // 2:
        return text[: width - len(lock[0]) - 2].rstrip() + " …" + lock[0]
    return _cut(text, width)


def _rows(run: Execution) -> list[_Line]:
    found: list[_Line] = []
    going: list[tuple[int, Step]] = []
    for at, step in enumerate(run.steps):
        following = run.steps[at + 1].started if at + 1 < len(run.steps) else float("inf")
        waits = bool(step.waited_for) or step.ended is None or step.ended >= following
        said = "; ".join(step.ready.statements) or "ROLLBACK"
        came = _came(step)
        if waits:
            came = f"waits{_for(step)}{', without an end' if step.ended is None else ''}"
            going += [(at + 1, step)] if step.ended is not None else []
        found.append(_Line(str(at + 1), step.actor, said, " · ".join(each for each in (_where(step), came) if each)))
        for number, waiter in [each for each in going if each[1].ended is not None and each[1].ended < following]:
            going.remove((number, waiter))
            found.append(_Line("", waiter.actor, f"… {number} goes on", _came(waiter)))
    return found


def _for(step: Step) -> str:
    holders = [called(actor) if actor >= 0 else "somebody else" for actor in dict.fromkeys(step.waited_for)]
    return f" for {' and '.join(holders)}" if holders else ""


def _came(step: Step) -> str:
    if step.sqlstate is not None:
        return f"fails with {step.sqlstate}"
    tags = [tag for tag in step.tags if tag and tag.split()[0] not in ("BEGIN", "COMMIT", "SET", "SAVEPOINT")]
    return ", ".join(_ONE_ROW.sub(lambda found: f"{found[1]} row{'s' * (found[1] != '1')}", tag) for tag in tags)


def _where(step: Step) -> str:
    return str(step.ready.source) if step.ready.source is not None else ""


def _stands(waiting: Waiting) -> str:
    if waiting.said:
        return waiting.said
    holders = [called(actor) if actor >= 0 else "somebody else" for actor in waiting.holders]
    what = {
        "database": "a lock in the database",
        "pool": "a connection of the pool",
        "lock": "a lock",
        "sleep": "a sleep",
    }
    return (
        f"waits for {what.get(waiting.on, 'something')}{f', held by {holders[0]}' if holders else ''}, without an end"
    )


def _ending(run: Execution, actor: int) -> str:
    outcome = run.outcomes[actor]
    if outcome.error is None:
        return ""
    code = f" ({outcome.sqlstate})" if outcome.sqlstate else ""
    return f"{called(actor)} raises {type(outcome.error).__name__}{code}"


def _shortened(lines: list[_Line]) -> list[_Line]:
    if len(lines) <= LONGEST:
        return lines
    keep = LONGEST // 2
    gap = _Line("", lines[keep].actor, f"… {len(lines) - 2 * keep} lines left out …")
    return [*lines[:keep], gap, *lines[-keep:]]


def _in_columns(lines: Sequence[_Line], count: int, names: Sequence[str], width: int) -> list[str]:
    margin = max(3, len(str(len(lines))) + 1)
    column = (width - margin) // count
    heads = [f"{called(actor)}  {names[actor]}" if actor < len(names) else called(actor) for actor in range(count)]
    shown = [" " * margin + "".join(_cut(each, column - 2).ljust(column) for each in heads).rstrip()]
    for line in lines:
        begin = line.number.rjust(margin - 1) + " " + " " * (column * line.actor)
        for text in _cell(line, column - 2):
            shown.append(begin + text)
            begin = " " * len(begin)
    return shown


def _cell(line: _Line, width: int) -> list[str]:
    """One line of text where all finds room, else two."""
    text = head(line.text, width) if line.number else _cut("  " + line.text, width)
    if not line.beside:
        return [text]
    joined = f"{text}: {line.beside}"
    if not line.number and len(joined) <= width:
        return [joined]
    return [text, _cut("  " + line.beside, width)]


def _in_a_list(lines: Sequence[_Line], count: int, names: Sequence[str], width: int) -> list[str]:
    shown = [_cut(f"{called(actor)} = {names[actor]}", width) for actor in range(min(count, len(names)))]
    margin = max(3, len(str(len(lines))) + 1)
    room = width - margin - 4
    side = min(room // 2, max((len(line.beside) + 2 for line in lines if line.number), default=0))
    for line in lines:
        begin = f"{line.number.rjust(margin - 1)} {called(line.actor).ljust(3)}"
        if line.number:
            text = head(line.text, room - side).ljust(room - side)
            shown.append(_cut(f"{begin}{text}{f'  {line.beside}' if line.beside else ''}", width).rstrip())
        else:
            shown.append(_cut(f"{begin}  {line.text}{': ' + line.beside if line.beside else ''}", width))
    return shown


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
