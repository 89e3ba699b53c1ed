"""`prodparity drift`: has production moved away from what the tests hold for true? One comparison each for what is recorded."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.errors import UsageError
from ..gate.quiet import uncollected

_PATH = click.Path(path_type=Path)


@click.command(
    name="drift", short_help="What has changed since it was recorded: cassettes against OpenAPI and the live API."
)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--cassettes", is_flag=True, help="Compare recorded HTTP flows: the cassettes at PATH.  [default: all folders named cassettes]")  # fmt: skip
@click.option("--openapi", multiple=True, type=_PATH, metavar="FILE", help="The vendor's OpenAPI 3.0, 3.1 or Swagger 2, JSON or YAML; may be repeated.")  # fmt: skip
@click.option("--server", multiple=True, metavar="URL", help="A base URL under which the same API answers, such as a sandbox.")  # fmt: skip
@click.option("--live", is_flag=True, help="Ask the live API again, GET and HEAD only, and compare shapes.")
@click.option("--header", multiple=True, metavar="'NAME: TEXT'", help="For --live; {VARIABLE} is read from the environment: 'Authorization: Bearer {ACME_TOKEN}'.")  # fmt: skip
@click.option("--query", multiple=True, metavar="NAME=TEXT", help="For --live: a query parameter, with {VARIABLE} as in --header.")  # fmt: skip
@click.option("--host", multiple=True, metavar="NAME", help="Only interactions with this host.")
@click.option("--fail-on", type=click.Choice(["inform", "warn", "fail"]), default="fail", show_default=True, help="The lowest severity that makes the exit status 1.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Also what informs only, and what was not judged.")
@uncollected()
def command(
    paths: tuple[str, ...],
    cassettes: bool,
    openapi: tuple[Path, ...],
    server: tuple[str, ...],
    live: bool,
    header: tuple[str, ...],
    query: tuple[str, ...],
    host: tuple[str, ...],
    fail_on: str,
    form: str,
    verbose: bool,
) -> int:
    """What has changed since it was recorded.

    With --cassettes: calls of deprecated operations, parameters and fields, what the vendor's specification does not know or says
    otherwise, headers that announce an end, and, with --live, shapes that have changed. Exit status: 0 no drift of the severity of
    --fail-on, 1 drift, 2 wrong use.
    """
    if not cassettes:
        raise UsageError("Nothing to compare was named.", fix="prodparity drift --cassettes tests/cassettes")
    from .drift_cassettes import Asked, compared, printed

    asked = Asked(
        paths=tuple(map(Path, paths)),
        openapi=openapi,
        servers=server,
        live=live,
        headers=header,
        query=query,
        hosts=host,
    )
    outcome = compared(asked)
    printed(outcome, form=form, verbose=verbose)
    return 1 if outcome.fails(fail_on) else 0
