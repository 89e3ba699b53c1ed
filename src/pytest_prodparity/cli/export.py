"""`prodparity export locust`: the call of a test's `parity_stress` as a locustfile."""

from __future__ import annotations

from pathlib import Path

import click

from ..core.errors import UsageError


@click.command(name="export", short_help="The call of a test's parity_stress as a locustfile.")
@click.argument("what", type=click.Choice(["locust"]))
@click.argument("test", metavar="PATH::TEST")
@click.option("-o", "--output", default="locustfile.py", metavar="FILE", help="Where to write; - prints it.  [default: locustfile.py]")  # fmt: skip
@click.option("--line", type=int, metavar="N", help="Of several parity_stress calls in the test, the one on this line.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def command(what: str, test: str, output: str, line: int | None, force: bool) -> None:  # noqa: ARG001  # one kind so far
    """Write a locustfile that makes the call that TEST gives to parity_stress, for more load than one machine can make.

    It holds the call, and of the test and its module what the call needs. It needs Locust (pip install locust), not
    pytest and not this package, and the database's URL in DATABASE_URL: a copy, never production.
    """
    from .locustfile import locustfile

    path = Path(output)
    if output != "-" and path.exists() and not force:
        raise UsageError(f"{output} exists already.", fix="-o another.py, or --force to replace it")
    text = locustfile(test, line=line, folder=Path.cwd() if output == "-" else path.resolve().parent)
    if output == "-":
        click.echo(text, nl=False)
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as cause:
        raise UsageError(
            f"{output} cannot be written: {cause.strerror}.", fix="-o FILE in a folder that exists"
        ) from cause
    run = next(line.strip() for line in text.splitlines() if "locust -f" in line)
    click.echo(f"Written: {output}\n\nNext: {run.replace('locustfile.py', output)}")
