"""`prodparity explain-finding`: one finding, with what to do, in few words."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import click

from ..core.errors import UsageError
from ..gate.render import explained
from ..gate.render.answer import inert
from ..gate.render.terminal import plain
from ..gate.verdict import Decided
from .reading import gathered, judged, settings

BUDGET = 1_500
LEAST = 100


@click.command(name="explain-finding", short_help="One finding of a report, with what to do, in few words.")
@click.argument("finding", required=False)
@click.option(
    "--report", "reports", metavar="REPORT", multiple=True, help="Report files; repeatable.  [default: the last run's]"
)
@click.option(
    "--budget",
    type=click.IntRange(min=LEAST),
    default=BUDGET,
    show_default=True,
    metavar="TOKENS",
    help="At most so much text, counted as three characters a token.",
)
@click.option("--json", "as_json", is_flag=True, help="Print plain JSON for tools, whole.")  # fmt: skip
def command(finding: str | None, reports: tuple[str, ...], budget: int, as_json: bool) -> None:
    """One finding of a report, with what to do, in few words: for people and coding agents.

    FINDING is its fingerprint or the beginning of it, or rule:subject. Without one, all are listed, worst first. What to do and how to see that it
    is done comes before the evidence, which is cut where the budget ends.
    """
    of = settings()
    verdict = judged(gathered(reports, of, keep=True), of, baseline=None)
    if finding is None:
        if as_json:
            raise UsageError("--json is about one finding.", fix="prodparity gate --json lists all")
        _print(explained.overview(verdict, budget=budget))
        return
    one = _chosen(finding, verdict.findings)
    if as_json:
        click.echo(json.dumps(explained.facts(one), indent=1))
    else:
        _print(explained.text(one, budget=budget))


def _chosen(said: str, findings: Sequence[Decided]) -> Decided:
    if re.fullmatch(r"[0-9a-fA-F]{4,16}", said):
        met = [one for one in findings if one.met.fingerprint.startswith(said.lower())]
    else:
        met = [one for one in findings if f"{one.met.rule}:{one.met.subject}" == said]
    if len(met) == 1:
        return met[0]
    if not met:
        raise UsageError(
            f"No finding {said!r} among {len(findings):,}.",
            fix="prodparity explain-finding, without a name, lists them with their fingerprints",
        )
    which = ", ".join(f"{one.met.fingerprint} ({one.met.source})" for one in met[:5])
    raise UsageError(
        f"{said!r} may be any of {len(met):,} findings: {which}{', …' if len(met) > 5 else ''}.",
        fix="give more of its fingerprint",
    )


def _print(text: str) -> None:
    for line in text.splitlines():
        click.echo(inert(plain(line)).text)
