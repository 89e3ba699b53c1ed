"""Reference pages as Markdown, from the code: options, commands, rules. A page says `<!-- generated: options -->`."""

from __future__ import annotations

import importlib

import click

from pytest_prodparity.cli import COMMANDS
from pytest_prodparity.core.options import OPTIONS
from pytest_prodparity.core.rules import RULES


def options() -> str:
    """One section an option, with every way to set it."""
    parts = []
    for option in OPTIONS:
        table = "| where | how |\n|---|---|\n"
        if option.flag:
            table += f"| flag | `{option.flag}{f'={option.metavar}' if option.metavar else ''}` |\n"
        if option.environment:
            table += f"| environment | `{option.environment}` |\n"
        table += f"| `[tool.prodparity]` | `{option.name}` |\n| default | {_code(option.shown_default)} |\n"
        parts.append(f"## {option.name}\n\n{option.help}\n\n{table}")
    return "\n".join(parts)


def commands() -> str:
    """One section a command: usage, what it does, arguments and options, as `--help` prints them."""
    parts = []
    for name in sorted(COMMANDS):
        command: click.Command = importlib.import_module(f"pytest_prodparity.cli.{name.replace('-', '_')}").command
        context = click.Context(command, info_name=f"prodparity {name}")
        parts.append(f"## prodparity {name}\n\n{COMMANDS[name]}\n\n```text\n{command.get_help(context)}\n```\n")
        for inner, each in sorted(command.commands.items()) if isinstance(command, click.Group) else ():
            context = click.Context(each, info_name=f"prodparity {name} {inner}")
            parts.append(f"### prodparity {name} {inner}\n\n```text\n{each.get_help(context)}\n```\n")
    return "\n".join(parts)


def rules() -> str:
    """A table of all rules with their thresholds; each links to its page."""
    lines = ["| rule | finds | thresholds |", "|---|---|---|"]
    for name, rule in RULES.items():
        thresholds = ", ".join(f"`{key} = {value:_}`" for key, value in rule.thresholds.items())
        lines.append(f"| [`{name}`]({name}.md) | {rule.finds} | {thresholds or 'none'} |")
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return f"`{text}`" if text != "not set" else text
