"""The page on what clients see says what they see."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

from pytest_prodparity.databases.provider import Server
from tests.docs.pages import DOCS, ROOT


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("clients_see", ROOT / "tools" / "clients_see.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["clients_see"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_says_what_the_drivers_raise(server: Server, tool: ModuleType) -> None:
    page = (DOCS / "explanation" / "clients.md").read_text(encoding="utf-8")
    table = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in page.splitlines() if line[:1] == "|"]
    assert table[0][2:] == list(tool.CLIENTS)
    assert [line[0] for line in table[2:]] == [case.title for case in tool.CASES]
    with tool.stage(server) as see:
        measured = [tool.row(see, case, list(tool.CLIENTS)[:4]) for case in tool.CASES]
    assert measured == [line[:6] for line in table[2:]]
