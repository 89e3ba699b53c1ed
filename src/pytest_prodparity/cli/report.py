"""`prodparity report`: report files as people and other tools read them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import click

from ..core.errors import UsageError
from ..gate.policy import Action
from ..gate.render import github, gitlab, html, junit, markdown, sarif
from ..gate.render.terminal import whole
from ..gate.verdict import Verdict
from ..gate.whole import write_whole
from .gate import echo, show
from .reading import gathered, judged, settings

FORMATS: dict[str, Callable[[Verdict], str]] = {
    "html": html.text,
    "markdown": markdown.text,
    "github": lambda verdict: "".join(f"{line}\n" for line in github.lines(verdict)),
    "gitlab": gitlab.text,
    "sarif": sarif.text,
    "junit": junit.text,
}


@click.command(name="report", short_help="Report files as a page, terminal text, Markdown, SARIF, …")
@click.argument("reports", metavar="[REPORT]...", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", *FORMATS]),
    default="terminal",
    show_default=True,
    help="What to write.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to.  [default: standard output]"
)
@click.option(
    "--comment", is_flag=True, help="markdown: at most what a pull request's comment holds, 65,536 characters."
)
@click.option(
    "--baseline",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="As for gate.  [default: as the policy has it]",
)
@click.option(
    "--prefix", default="", metavar="FOLDER", help="Put before each file: the project's folder within its repository."
)
@click.option("-v", "--verbose", is_flag=True, help="terminal: also plans and details.")
def command(
    reports: tuple[str, ...],
    form: str,
    output: Path | None,
    comment: bool,
    baseline: Path | None,
    prefix: str,
    verbose: bool,
) -> None:
    """Report files, one or many, as people and other tools read them.

    The policy in [tool.prodparity.gate] says what is an error and what a warning. The exit status does not: that is what gate is for.
    """
    if comment and form != "markdown":
        raise UsageError(
            f"--comment is about --format markdown; this is {form}.",
            fix="prodparity report --format markdown --comment",
        )
    if form == "terminal" and output is not None:
        raise UsageError("-o needs a format.", fix=f"prodparity report --format markdown -o {output}")
    of = settings()
    verdict = judged(gathered(reports, of, keep=True), of, baseline=baseline)
    for one in verdict.findings if prefix else ():
        one.met.path = (PurePosixPath(prefix) / one.met.path).as_posix()
    if form == "terminal":
        _terminal(verdict, verbose=verbose)
        return
    text = markdown.text(verdict, limit=markdown.COMMENT) if comment else FORMATS[form](verdict)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_whole(output, text, what="rendering", fix="give -o a path that can be written")


def _terminal(verdict: Verdict, *, verbose: bool) -> None:
    width = min(120, shutil.get_terminal_size().columns)
    for one in verdict.findings:
        if one.action > Action.IGNORE and one.met.full is not None:
            tests = [one.met.test, *sorted(one.met.tests - {one.met.test})]
            for line in whole(one.met.full, tests, width=width, verbose=verbose):
                echo(line)
            click.echo()
    show(verdict, [])
