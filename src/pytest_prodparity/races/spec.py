"""A schedule as a spec of PostgreSQL's isolationtester, for a bug report or a test of one's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ..queries.fingerprint import shape
from .execution import Execution, Step
from .tables import read
from .timeline import called

_LEVELS = {"repeatable read": " ISOLATION LEVEL REPEATABLE READ", "serializable": " ISOLATION LEVEL SERIALIZABLE"}
_PARAMETER = re.compile(r"\$\d+|…")


def spec(run: Execution, *, title: str = "", setup: Sequence[str] = ()) -> str:
    """The text of the spec. `setup`: lines about the state at the start. Values are left out: each is a `$n` or `…`."""
    sessions: dict[str, list[tuple[str, str]]] = {}
    order: list[str] = []
    counts: Counter[str] = Counter()
    connections = _sessions(run)
    open_: set[int] = set()
    for step in run.steps:
        session = connections[step.ready.connection]
        counts[session] += 1
        name = f"{session.lower()}{'_' * session[-1].isdigit()}{counts[session]}"
        sessions.setdefault(session, []).append((name, _said(step, step.ready.connection in open_)))
        if step.after == "I" or not step.after:
            open_.discard(step.ready.connection)
        else:
            open_.add(step.ready.connection)
        order.append(name)
    lines = [f"# {line}" for line in _head(run, title, setup)]
    for session, steps in sessions.items():
        lines += ["", f"session {session}"]
        lines += [f"step {name}\t{{ {sql} }}" for name, sql in steps]
    return "\n".join([*lines, "", "permutation " + " ".join(order), ""])


def _sessions(run: Execution) -> dict[int, str]:
    """By connection: `A`, and `A_2` for a second one of the same callable; of a shared one, who was first."""
    found: dict[int, str] = {}
    counts: Counter[int] = Counter()
    for step in run.steps:
        if step.ready.connection not in found:
            counts[step.actor] += 1
            name = called(step.actor).replace("#", "S")
            found[step.ready.connection] = name if counts[step.actor] == 1 else f"{name}_{counts[step.actor]}"
    return found


def _said(step: Step, already_open: bool) -> str:
    texts = [shape(sql).text for sql in step.ready.statements] or ["ROLLBACK"]
    controls = [read(sql).control for sql in step.ready.statements]
    if step.ready.state == "T" and not already_open and "begin" not in controls:
        texts.insert(0, f"BEGIN{_LEVELS.get(step.ready.isolation, '')}")
    return " ".join(f"{text};" for text in texts)


def _head(run: Execution, title: str, setup: Sequence[str]) -> list[str]:
    lines = [title] if title else []
    lines.append("isolationtester prints which steps wait; put values in place of $1, $2, … and of the dots.")
    lines += setup or ("setup: the tables as they were when the test began the race",)
    if not any(_PARAMETER.search(sql) for step in run.steps for sql in step.ready.statements):
        lines = [line.replace("; put values in place of $1, $2, … and of the dots", "") for line in lines]
    return lines
