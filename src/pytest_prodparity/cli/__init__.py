"""The command `prodparity`, one file per subcommand."""

from __future__ import annotations


def main() -> None:
    """Entry point of the command."""
