"""`prodparity gate`: may this be merged?"""

from __future__ import annotations

import json
import shutil
import sys
from datetime import date, datetime
from pathlib import Path

import click

from ..core.errors import UsageError
from ..core.settings import Settings
from ..gate import baseline as baselines
from ..gate.gathered import Gathered
from ..gate.policy import Policy
from ..gate.quiet import uncollected
from ..gate.render import answer
from ..gate.render.terminal import Line
from ..gate.verdict import Verdict
from .reading import gathered, judged, settings, since

STYLES = {
    "": {},
    "title": {"bold": True},
    "rule": {"fg": "yellow"},
    "muted": {"dim": True},
    "good": {"fg": "green"},
    "bad": {"fg": "red"},
}


@click.command(name="gate", short_help="May this be merged? Decides from report files.")
@click.argument("reports", metavar="[REPORT]...", nargs=-1)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Findings of old code, which may become fewer.  [default: as the policy has it]",
)
@click.option("--update", is_flag=True, help="Take what is gone out of the baseline; make it where there is none.")
@click.option(
    "--today", metavar="DATE", help="The day by which waivers expire, such as 2027-06-30.  [default: today, UTC]"
)
@click.option(
    "--diff", metavar="REV", help="Only what the change since REV touches or causes counts; REV such as origin/main."
)
@click.option(
    "--before",
    metavar="REPORT",
    multiple=True,
    help="diff: a report of REV, which tells what the change causes; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print plain JSON for tools.")
@uncollected()
def command(
    reports: tuple[str, ...],
    baseline: Path | None,
    update: bool,
    today: str | None,
    diff: str | None,
    before: tuple[str, ...],
    as_json: bool,
) -> int:
    """May this be merged? Decides by the policy in [tool.prodparity.gate].

    From one report file or many, of shards or of levels; a pattern such as 'reports/**/*.json' names several. Exit status:
    0 it may (perhaps with warnings), 1 blocked, 2 wrong use, 3 it could not be judged.
    """
    of = settings()
    day = _day(today) if today else None
    policy = Policy.parse(of.gate)
    path = baseline or (of.root / policy.baseline if policy.baseline else None)
    if update and path is None:
        raise UsageError(
            "--update: there is no baseline to update.", fix="prodparity gate --baseline parity/baseline.json --update"
        )
    if before and diff is None:
        raise UsageError("--before is about --diff.", fix=f"prodparity gate --diff main --before {before[0]}")
    if update and diff is not None:
        raise UsageError("--update takes all findings, --diff some.", fix="prodparity gate --update, without --diff")
    found = gathered(reports, of, keep=diff is not None)
    change = since(diff, of, found, before) if diff is not None else None
    said = []
    if update and path is not None:
        verdict, told = _updated(found, of, path, day)
        said.append(told)
    else:
        verdict = judged(found, of, baseline=path, today=day, change=change)
    if as_json:
        click.echo(json.dumps(verdict.to_json(), indent=1))
    else:
        show(verdict, said)
    return verdict.status


def _updated(found: Gathered, of: Settings, path: Path, day: date | None) -> tuple[Verdict, str]:
    """The verdict after the baseline was made, or rid of what is gone."""
    if path.exists():
        verdict = judged(found, of, baseline=path, today=day)
        entries, told = verdict.matched.kept, f"{len(verdict.gone):,} taken out"
    else:
        verdict = judged(found, of, baseline=None, today=day, known=())
        new = [one.met for one in verdict.findings if one.action and one.met.rule != "flaky"]
        entries, told = tuple(baselines.entry_of(met) for met in new), "made"
    if verdict.answer == "cannot judge":
        return verdict, f"baseline: {path} left as it is, since nothing can be said of what is gone"
    if not path.exists() or list(entries) != sorted(baselines.load(path), key=baselines.order):
        baselines.save(path, entries)
    verdict = judged(found, of, baseline=path, today=day, known=entries)
    return verdict, f"baseline: {path} {told}, {len(entries):,} in it"


def show(verdict: Verdict, said: list[str]) -> None:
    """On the terminal."""
    width = min(120, shutil.get_terminal_size().columns)
    for line in answer.lines(verdict, width=width):
        echo(line)
    for told in said:
        click.echo(told)


def echo(line: Line) -> None:
    """A line in its styles, in whatever the terminal can write."""
    text = "".join(click.style(part, **STYLES[style]) for part, style in answer.inert(line).segments)  # type: ignore[arg-type]
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding))


def _day(said: str) -> date:
    try:
        return datetime.strptime(said, "%Y-%m-%d").date()  # noqa: DTZ007  # a day has no zone
    except ValueError:
        raise UsageError(f"--today: {said!r} is not a day.", fix="--today 2027-06-30") from None
