"""`prodparity drift`: has production moved away from what the tests hold for true? One comparison each for what is recorded."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.errors import UsageError
from ..gate.quiet import uncollected

_PATH = click.Path(path_type=Path)


@click.command(
    name="drift",
    short_help="What has changed since it was recorded: the database, the environment, vendors' APIs.",
)
@click.argument("what", metavar="[URL | PATH...]", nargs=-1)
@click.option(
    "--profile", "at", type=_PATH, metavar="FOLDER", help="What production is held against.  [default: parity]"
)
@click.option("--role", metavar="ROLE", help="The application's role, as it was named to capture.")
@click.option("--factor", type=click.FloatRange(min=1.01), default=1.5, show_default=True, help="A table grew by this.")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=30.0, show_default=True, metavar="SECONDS", help="For production to answer.")  # fmt: skip
@click.option("--retries", type=click.IntRange(min=0), default=3, show_default=True, help="After an unreachable server.")  # fmt: skip
@click.option("--through", metavar="COMMAND", help='Compare the environment, too: "kubectl exec -i deploy/web --".')
@click.option("--cassettes", is_flag=True, help="Compare recorded HTTP flows instead: the cassettes at PATH.  [default: all folders named cassettes]")  # fmt: skip
@click.option("--openapi", multiple=True, type=_PATH, metavar="FILE", help="The vendor's OpenAPI 3.0, 3.1 or Swagger 2, JSON or YAML; may be repeated.")  # fmt: skip
@click.option("--server", multiple=True, metavar="URL", help="A base URL under which the same API answers, such as a sandbox.")  # fmt: skip
@click.option("--live", is_flag=True, help="Ask the live API again, GET and HEAD only, and compare shapes.")
@click.option("--header", multiple=True, metavar="'NAME: TEXT'", help="For --live; {VARIABLE} is read from the environment: 'Authorization: Bearer {ACME_TOKEN}'.")  # fmt: skip
@click.option("--query", multiple=True, metavar="NAME=TEXT", help="For --live: a query parameter, with {VARIABLE} as in --header.")  # fmt: skip
@click.option("--host", multiple=True, metavar="NAME", help="Only interactions with this host.")
@click.option("--fail-on", type=click.Choice(["inform", "warn", "fail"]), default="fail", show_default=True, help="With --cassettes: the lowest severity that makes the exit status 1.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it.")  # fmt: skip
@click.option(
    "-v", "--verbose", is_flag=True, help="With --cassettes: also what informs only, and what was not judged."
)
@uncollected()
def command(
    what: tuple[str, ...],
    at: Path | None,
    role: str | None,
    factor: float,
    timeout: float,
    retries: int,
    through: str | None,
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
    """What has changed since it was recorded; nothing is written.

    With a URL, as of `prodparity capture`: parity/ against production as it is now. With --cassettes: calls of deprecated
    operations, parameters and fields, what the vendor's specification does not know or says otherwise, headers that announce
    an end, and, with --live, shapes that have changed. Exit status: 0 no drift (of the severity of --fail-on), 1 drift, 2
    wrong use, 3 production cannot be read.
    """
    if not cassettes:
        if openapi or live or len(what) > 1:
            raise UsageError(
                f"{'--openapi' if openapi else '--live' if live else ' '.join(what)} is for recorded HTTP flows.",
                fix="prodparity drift --cassettes tests/cassettes",
            )
        from . import drift_database

        return drift_database.run(
            what[0] if what else None, at=at, role=role, factor=factor, timeout=timeout, retries=retries,
            through=through, as_json=form == "json",
        )  # fmt: skip
    from .drift_cassettes import Asked, compared, printed

    asked = Asked(
        paths=tuple(map(Path, what)),
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
