"""Every block is checked, and a page whose blocks say `file:` and `run:` is followed to the letter."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from itertools import groupby
from pathlib import Path

import click
import pytest

from pytest_prodparity.cli import COMMANDS
from pytest_prodparity.core.options import OPTIONS
from pytest_prodparity.core.settings import resolve
from pytest_prodparity.gate.policy import Policy
from tests.docs.pages import ROOT, Block, blocks

FOLLOWED = [
    list(steps)
    for _, steps in groupby((block for block in blocks("python", "console", "toml") if block.order), lambda b: b.page)
]


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_a_python_block_is_python(block: Block) -> None:
    ast.parse(block.text, filename=str(block))


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_a_toml_block_holds_settings_that_exist(block: Block) -> None:
    table = tomllib.loads(block.text)
    Policy.parse(resolve(ROOT, {}, {}, table.get("tool", {}).get("prodparity", {})).gate)


@pytest.mark.parametrize("block", blocks("console"), ids=str)
def test_a_console_block_names_commands_and_flags_that_exist(block: Block) -> None:
    for line in block.text.splitlines():
        if not line.startswith("$ "):
            continue
        for part in re.split(r"\s(?:&&|\|)\s", line[2:]):
            words = shlex.split(part, comments=True)
            if words[0] == "prodparity":
                _check_command(words[1:], block)
            flags = {option.flag for option in OPTIONS}
            wrong = [word for word in words if word.startswith("--parity-") and word.partition("=")[0] not in flags]
            assert not wrong, f"{block}: {wrong} does not exist"


def _check_command(words: list[str], block: Block) -> None:
    if words[0].startswith("-"):
        return
    assert words[0] in COMMANDS, f"{block}: there is no command prodparity {words[0]}"
    command: click.Command = importlib.import_module(f"pytest_prodparity.cli.{words[0].replace('-', '_')}").command
    while isinstance(command, click.Group) and len(words) > 1 and words[1] in command.commands:
        command, words = command.commands[words[1]], words[1:]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    wrong = [word for word in words if word.startswith("--") and word.partition("=")[0] not in known]
    assert not wrong, f"{block}: prodparity {words[0]} has no {wrong}"


@pytest.mark.parametrize("steps", FOLLOWED, ids=lambda steps: steps[0].page.name)
def test_a_page_can_be_followed(steps: list[Block], tmp_path: Path) -> None:
    foreign = ("PYTEST_", "PRODPARITY_LEVEL", "PRODPARITY_DATABASE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    for step in steps:
        what, _, rest = str(step.order).partition(": ")
        if what == "file":
            path = tmp_path / rest
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step.text, encoding="utf-8")
            continue
        status, _, shown = rest.partition(": ")
        script = "".join(f"{line[2:]}\n" for line in step.text.splitlines() if line.startswith("$ "))
        done = subprocess.run(
            ["sh", "-ec", script], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False,
        )  # fmt: skip
        told = f"{step}:\n{textwrap.indent(script, '$ ')}{done.stdout}"
        assert done.returncode == int(status), told
        assert shown in done.stdout, told
