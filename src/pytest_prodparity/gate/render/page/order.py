"""The order of a race as lanes: from the lines of a finding's trace, as `races.timeline` writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .markup import Html, hidden, said, tag

_HEADS = re.compile(r"^ {3,4}A  (\S.*?) *(?<= )B  (\S.*)$")
_LISTED = re.compile(r"^([A-Z]|#\d+) = (.*)$")
_ROW = re.compile(r"^ *(\d+) ([A-Z]|#\d+) +(\S.*)$")
_MORE = re.compile(r"^ {3,}([A-Z]|#\d+) +(\S.*)$")


@dataclass(slots=True)
class _Step:
    number: str
    actor: str
    text: str
    beside: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Order:
    names: dict[str, str]
    steps: list[_Step]
    rest: list[str]
    """What stands below: how it ended."""


def order(trace: Sequence[str]) -> Html:
    """Lanes where the lines are such an order, else the lines as they are."""
    read = _columns(trace) or _list(trace)
    if read is None or not read.steps:
        return _lines(trace)
    actors = list(read.names)
    named = tag("p", *(tag("span", tag("b", actor), f" {name} ", class_=_lane(actors, actor)) for actor, name in read.names.items()), class_="actors")  # fmt: skip
    steps = tag("ol", *(_step(step, actors) for step in read.steps), class_=f"lanes of{min(len(actors), 4)}")
    return Html(named + steps + (_lines(read.rest) if read.rest else ""))


def _lines(lines: Sequence[str]) -> Html:
    return tag(
        "pre", said("\n".join(lines), lines=True), class_="trace", tabindex="0", role="region", aria_label="trace"
    )


def _step(step: _Step, actors: Sequence[str]) -> Html:
    below = tag("small", " · ".join(step.beside)) if step.beside else None
    waits = any("waits" in part for part in step.beside)
    number = tag("i", step.number) if step.number else None
    lane = f"{_lane(actors, step.actor)}{' waits' if waits else ''}"
    return tag("li", number, tag("b", step.actor), hidden(": "), tag("code", step.text), below, class_=lane)


def _lane(actors: Sequence[str], actor: str) -> str:
    return f"lane{actors.index(actor) % 4 if actor in actors else 0}"


def _columns(trace: Sequence[str]) -> _Order | None:
    """Two callables side by side: the second begins at the same column in each line."""
    heads = _HEADS.match(trace[0]) if trace else None
    if heads is None:
        return None
    border = heads.start(2) - len("B  ")
    margin = len(trace[0]) - len(trace[0].lstrip())
    steps: list[_Step] = []
    for at, line in enumerate(trace[1:], 1):
        number, text = line[:margin].strip(), line[margin:].strip()
        if (number and not number.isdigit()) or not text:
            return _Order({"A": heads[1], "B": heads[2]}, steps, list(trace[at:]))
        actor = "B" if len(line) - len(line[margin:].lstrip()) >= border else "A"
        if number or not steps or text.startswith("…"):
            steps.append(_Step(number, actor, text))
        else:
            steps[-1].beside.append(text)
    return _Order({"A": heads[1], "B": heads[2]}, steps, [])


def _list(trace: Sequence[str]) -> _Order | None:
    """More than two: a line for each step, and beside it after two spaces where it is."""
    names: dict[str, str] = {}
    for line in trace:
        head = _LISTED.match(line)
        if head is None:
            break
        names[head[1]] = head[2]
    if not names:
        return None
    steps: list[_Step] = []
    for at, line in enumerate(trace[len(names) :], len(names)):
        row, more = _ROW.match(line), _MORE.match(line)
        if row is not None:
            text, _, beside = row[3].partition("  ")
            steps.append(_Step(row[1], row[2], text, [beside.strip()] if beside.strip() else []))
        elif more is not None:
            steps.append(_Step("", more[1], more[2]))
        else:
            return _Order(names, steps, list(trace[at:]))
    return _Order(names, steps, [])
