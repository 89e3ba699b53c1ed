"""`prodparity explain`: production's plan for a statement."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click

from ..core.errors import UsageError
from ..core.settings import read_table, resolve
from ..core.suggest import closest
from ..databases.embedded import Embedded
from ..profile.model import Profile
from ..profile.store import load
from ..queries.wording import duration
from ..twin.clock import estimated_seconds
from ..twin.plan import CannotTell, Plan
from ..twin.text import lines
from ..twin.twin import Twin
from ..wire.trip import Parameter


@click.command(name="explain", short_help="Production's plan for a statement.")
@click.argument("statement", metavar="SQL")
@click.option(
    "--param",
    "values",
    multiple=True,
    metavar="VALUE",
    help="A value for $1, $2, …, in order; NULL is a null. Once per value.",
)
@click.option(
    "--profile",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The profile's folder.  [default: parity]",
)
@click.option(
    "--with",
    "changes",
    multiple=True,
    metavar="DDL",
    help="Show the plan with this change too, such as a CREATE INDEX.",
)
@click.option("--json", "as_json", is_flag=True, help="Print plain JSON for tools.")
def command(
    statement: str, values: tuple[str, ...], folder: Path | None, changes: tuple[str, ...], as_json: bool
) -> None:
    """Production's plan for a statement, from its profile alone.

    Nothing is executed and production is not asked: an empty database with production's statistics, sizes and settings plans
    the statement. Without --param, $1 stands for any value.
    """
    parameters = [Parameter(value=_bytes(value), binary=False, oid=0) for value in values] if values else None
    with _twin(folder) as twin:
        before = _plan(twin, statement, parameters, ())
        after = _plan(twin, statement, parameters, changes) if changes else None
        if as_json:
            click.echo(json.dumps(_json(twin, before, after), indent=1))
        else:
            _print(twin, before, after, changes)


def _bytes(value: str) -> bytes | None:
    return None if value == "NULL" else value.encode()


@contextmanager
def _twin(folder: Path | None) -> Iterator[Twin]:
    root = Path.cwd()
    settings = resolve(root, {}, os.environ, read_table(root))
    stored = load(folder or root / settings.profile)
    provider = Embedded()
    try:
        with closing(Twin.open(stored, provider.start())) as twin:
            yield twin
    finally:
        provider.stop()


def _plan(twin: Twin, statement: str, parameters: list[Parameter] | None, changes: tuple[str, ...]) -> Plan:
    """Raises UsageError that points at what PostgreSQL did not understand."""
    given = parameters
    if parameters is None and "$" not in statement:
        given = []
    answer = twin.plan(statement, given, ddl=changes)
    if isinstance(answer, Plan):
        return answer
    said = f"No plan: {answer.reason}{_suggestion(answer, twin.profile)}."
    raise UsageError(said, tried=_caret(statement, answer.position) if not changes else None, fix=_fix(answer))


def _suggestion(answer: CannotTell, profile: Profile) -> str:
    if answer.sqlstate != "42P01" or '"' not in answer.reason:
        return ""
    name = answer.reason.split('"')[1]
    return closest(name, [table.full_name if "." in name else table.name for table in profile.tables])


def _fix(answer: CannotTell) -> str | None:
    if answer.sqlstate == "42P01":
        return "prodparity show lists production's tables"
    if answer.sqlstate == "08P01":
        return "give one --param for each placeholder, or none at all"
    return answer.hint or None


def _caret(statement: str, position: int | None) -> str | None:
    """The line at fault with a caret under the place."""
    if position is None or position > len(statement):
        return None
    start = statement.rfind("\n", 0, position - 1) + 1
    end = statement.find("\n", position - 1)
    line = statement[start : end if end >= 0 else len(statement)]
    at = position - 1 - start
    first = max(0, at - 60)
    return f"  {line[first : at + 60]}\n  {' ' * (at - first)}^"


def _print(twin: Twin, before: Plan, after: Plan | None, changes: tuple[str, ...]) -> None:
    profile = twin.profile
    major = profile.server_version // 10000
    click.echo(f"Production: {profile.database}, PostgreSQL {major}, {profile.origin} {profile.captured_at[:10]}\n")
    click.echo("\n".join(lines(before, profile)))
    click.echo(f"\n{_time(before, profile)}")
    if after is not None:
        click.echo("\nWith\n" + "\n".join(f"  {change.strip().rstrip(';')};" for change in changes) + "\n")
        click.echo("\n".join(lines(after, profile)))
        click.echo(f"\n{_time(after, profile)}; {_compared(before, after)}")
    for remark in (twin.caveat, *twin.notes):
        if remark:
            click.echo(f"note: {remark}")


def _time(plan: Plan, profile: Profile) -> str:
    low, middle, high = estimated_seconds(plan, profile.settings)
    return f"about {duration(middle)} (between {duration(low)} and {duration(high)}; estimated from the cost)"


def _compared(before: Plan, after: Plan) -> str:
    ratio = before.cost / after.cost if after.cost else float("inf")
    if ratio > 1.05:
        return f"the cost is {ratio:,.1f} times lower"
    return "it does not help" if ratio > 0.95 else f"the cost is {1 / ratio:,.1f} times higher"


def _json(twin: Twin, before: Plan, after: Plan | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "database": twin.profile.database,
        "server_version": twin.profile.server_version,
        "captured_at": twin.profile.captured_at,
        "exact": twin.exact,
        "notes": [remark for remark in (twin.caveat, *twin.notes) if remark],
        **_as_json(before, twin.profile),
    }
    if after is not None:
        found["with"] = _as_json(after, twin.profile)
    return found


def _as_json(plan: Plan, profile: Profile) -> dict[str, Any]:
    low, middle, high = estimated_seconds(plan, profile.settings)
    seconds = {"low": low, "middle": middle, "high": high}
    return {"plan": plan.root.raw, "text": list(lines(plan, profile)), "cost": plan.cost, "seconds": seconds}
