"""The command `prodparity`, one file per subcommand; a subcommand is imported when it is asked for."""

from __future__ import annotations

import importlib
import sys

import click

from ..core.errors import ProdparityError, UsageError

COMMANDS = {
    "build": "Build the volume that a level's tests begin with, ahead of the run.",
    "cache": "The kept databases: list them, remove them.",
    "capture": "Read production, read-only, into parity/.",
    "demo": "Show what mock tests miss, in a small shop.",
    "doctor": "What works on this machine, what is missing, what to type.",
    "drift": "What has changed since it was recorded: the database, the environment, vendors' APIs.",
    "env": "Production's environment: names and kinds, never values.",
    "export": "The call of a test's parity_stress as a locustfile.",
    "explain": "Production's plan for a statement.",
    "explain-finding": "One finding of a report, with what to do, in few words.",
    "fidelity": "How much the built volume resembles production.",
    "gate": "May this be merged? Decides from report files.",
    "init": "Write the settings and an example test; a first profile from models.",
    "report": "Report files as a page, terminal text, Markdown, SARIF, …",
    "scrub": "Secrets in recorded cassettes: find them, take them out.",
    "show": "The profile, on one screen.",
}


class _Commands(click.Group):
    """Subcommands by name, so that `--help` of one imports that one only."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = importlib.import_module(f".{name.replace('-', '_')}", __name__).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-prodparity", prog_name="prodparity")
def group() -> None:
    """Production's world in your tests."""


def main() -> None:
    """Entry point: 0 done, 1 the command's own no, 2 wrong use, 3 the machine is broken."""
    try:
        sys.exit(group(standalone_mode=False) or 0)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(2)
    except ProdparityError as broken:
        click.echo(f"prodparity: {broken}", err=True)
        sys.exit(2 if isinstance(broken, UsageError) else 3)
