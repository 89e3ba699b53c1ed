"""Reads of variables -> findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..core.findings import Finding, Remedy, Source
from .asking import is_ready, is_written
from .guard import Guard, Read
from .kinds import kind
from .manifest import FILE
from .reads import Way

RULE = "undeclared-env"


def judged(
    guard: Guard, reads: Sequence[Read], *, test: str, failure: str | None, lines: Sequence[Source] = ()
) -> list[Finding]:
    """What production would miss. `failure` is the text of what the test itself failed with; `lines` are the user's on its way.

    A test that passes has passed without these variables: only a line that goes on with None, as if it were a value, is
    accused. Of a test that fails, each read of a hidden variable may be the reason, and so may a name that its message has.
    """
    wanted = [read for read in reads if _is_accused(guard, read, failure)]
    findings = {(read.name, read.source): _finding(guard, read.name, read.source, read.way, test) for read in wanted}
    if failure is not None and not failure.startswith("AssertionError"):  # that one is about values
        named = {name for name, _ in findings}
        for name in _mentioned(guard, failure):
            if name not in named and lines:
                findings[name, lines[0]] = _finding(guard, name, lines[0], Way.NEEDED, test)
    return list(findings.values())


def _is_accused(guard: Guard, read: Read, failure: str | None) -> bool:
    if read.way is Way.TOLD:
        # Whoever copies all of them reads this one too.
        return not read.harness and is_written(guard.root / read.source.path, read.source.line, read.name)
    if failure is None:
        handled = read.way is not Way.TAKEN or is_ready(guard.root / read.source.path, read.source.line, read.name)
        return read.here and not read.harness and not handled
    if read.here:
        return True
    return read.name not in guard.manifest.variables and _has(failure, read.name)


def _mentioned(guard: Guard, failure: str) -> list[str]:
    """Hidden names that the failure names; pydantic-settings names its field, in lower case and without a prefix."""
    return [name for name in guard.absent if len(name) > 2 and (_has(failure, name) or _has_field(failure, name))]


def _has(text: str, name: str) -> bool:
    return re.search(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])", text) is not None


def _has_field(text: str, name: str) -> bool:
    if "Field required" not in text:
        return False
    fields = re.findall(r"^(\w+)\n\s+Field required", text, re.MULTILINE)
    return any(name.lower() == field.lower() or name.lower().endswith("_" + field.lower()) for field in fields)


def _finding(guard: Guard, name: str, source: Source, way: Way, test: str) -> Finding:
    if way is Way.TOLD:
        return Finding(
            rule=RULE,
            title=f"asks whether a test runs, by {name}",
            subject=name,
            test=test,
            source=source,
            production=f"production has no {name}: there the code takes another way than the one that is tested",
            remedy=Remedy(text="let what differs be handed in, or be a setting of its own that production has too"),
        )
    here = "it is set here, and hidden from this test" if name in guard.absent else "nothing sets it here either"
    what = {Way.TAKEN: "goes on with None for", Way.NEEDED: "needs", Way.ASKED: "reads"}[way]
    return Finding(
        rule=RULE,
        title=f"{what} {name}, which production does not have",
        subject=name,
        test=test,
        source=source,
        production=f"{FILE} has no {name}; {here}",
        details={"name": name, "way": way.value},
        remedy=Remedy(
            text=f'if production is to have it, declare it in {FILE}, {name} = {{ kind = "{kind(name)}" }}, and give tests a value '
            f"in [tool.prodparity.env]; else do without it"
        ),
    )


def note(names: Iterable[str], what: str, *, most: int = 8) -> str | None:
    """`WHAT: A, B, and 3 more`; None without a name."""
    listed = sorted(names)
    if not listed:
        return None
    more = f", and {len(listed) - most} more" if len(listed) > most else ""
    return f"{what}: {', '.join(listed[:most])}{more}"
