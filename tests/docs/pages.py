"""The documentation as tests see it: pages, and the blocks on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
FENCE = re.compile(
    r"(?:^<!-- (?P<order>(?:file|run): [^\n]+) -->\n)?^(?P<indent> *)```(?P<language>\w+)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block. `order` is the comment right above it: `file: PATH`, or `run: STATUS: TEXT TO BE SHOWN`."""

    page: Path
    line: int
    language: str
    text: str
    order: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every page that a user reads."""
    written = [path for path in DOCS.rglob("*.md") if "_build" not in path.parts]
    return sorted([*written, ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


def blocks(*languages: str) -> list[Block]:
    """All blocks of these languages."""
    found_blocks = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            if found["language"] in languages:
                line = text.count("\n", 0, found.start("language")) + 1
                found_blocks.append(Block(page, line, found["language"], dedent(found["text"]), found["order"]))
    return found_blocks
