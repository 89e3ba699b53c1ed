"""What was wrong with an order, as a finding."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from typing import Any

from ..core.findings import Finding, Remedy, Source
from .execution import Execution
from .oracle import Verdict
from .spec import spec
from .timeline import timeline
from .token import Schedule

LONG = 60
"""Characters of a callable's name."""


def finding(
    run: Execution,
    wrong: Verdict,
    *,
    names: Sequence[str],
    schedules: int,
    came_back: str,
    struck: str = "",
    among: tuple[int, ...] = (),
) -> Finding:
    """Without its test and its replay; `details["token"]` is what the latter takes. `struck`: by which fault, and where.
    `among`: which callables of the race, where not all ran.
    """
    details: dict[str, Any] = {
        "token": None if struck else Schedule.of(run, among).token,
        "callables": " and ".join(str(number + 1) for number in among) or None,
        "fault": struck or None,
        "anomaly": wrong.anomaly or None,
        "orders run": schedules,
        "came back": came_back or None,
        "isolationtester": spec(run, title=wrong.title),
    }
    return Finding(
        rule=wrong.rule,
        title=f"{wrong.title}, with {struck}" if struck else wrong.title,
        subject=", ".join(wrong.tables) or "race",
        source=_source(run, wrong),
        trace=tuple(timeline(run, names=names, differs=wrong.differs, nearest=wrong.nearest)),
        details={key: value for key, value in details.items() if value is not None},
        remedy=Remedy(text=wrong.remedy) if wrong.remedy else None,
    )


def _source(run: Execution, wrong: Verdict) -> Source | None:
    """The last write of those that fail; else their last trip."""
    steps = [
        step for step in run.steps if step.ready.source is not None and step.actor in (wrong.actors or (step.actor,))
    ]
    writes = [
        step for step in steps if any((tag or "").startswith(("INSERT", "UPDATE", "DELETE")) for tag in step.tags)
    ]
    last = (writes or steps)[-1:]
    return last[0].ready.source if last else None


def name_of(call: Callable[[], object]) -> str:
    """A function's name; of a lambda its body, as it is written."""
    name = str(getattr(call, "__qualname__", type(call).__name__))
    code = getattr(call, "__code__", None)
    if code is None or not name.endswith("<lambda>"):
        return name.rpartition("<locals>.")[2]
    places = [place for place in code.co_positions() if None not in place and place[2] != place[3]]
    if not places:
        return name
    first, last = min((place[0], place[2]) for place in places), max((place[1], place[3]) for place in places)
    lines = [linecache.getline(code.co_filename, number) for number in range(first[0], last[0] + 1)]
    if not all(lines):
        return name
    # columns count bytes
    lines[-1] = lines[-1].encode()[: last[1]].decode(errors="replace")
    lines[0] = lines[0].encode()[first[1] :].decode(errors="replace")
    text = " ".join(" ".join(lines).split())
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"
