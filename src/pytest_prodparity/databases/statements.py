"""SQL text -> statements, as psql splits them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<line>--[^\n]*)
    | (?P<block>/\*)
    | (?P<escape>\b[eE]'(?:[^'\\]|\\.|'')*')
    | (?P<text>'(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*")
    | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)
    | (?P<meta>^\\[^\n]*)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
    | (?P<number>\$?\d[\w.]*)
    | (?P<mark>[();])
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement without its semicolon, and the line on which it begins."""

    text: str
    line: int


def split(text: str) -> Iterator[Statement]:
    """Each statement in order. Comments between statements and psql's backslash commands are left out."""
    start: int | None = None
    at = depth = blocks = 0
    words: list[str] = []
    line, counted = 1, 0
    while True:
        found = _TOKEN.search(text, at)
        gap = text[at : found.start() if found else len(text)]
        if start is None and gap.strip():
            start = at + len(gap) - len(gap.lstrip())
        if found is None:
            break
        kind, end = found.lastgroup, found.end()
        if kind == "block":
            end = _block_end(text, found.start())
        elif kind == "dollar":
            closing = text.find(found.group(), end)
            end = len(text) if closing < 0 else closing + len(found.group())
        comment = kind in ("line", "block", "meta")
        if start is None and not comment and found.group() != ";":
            start = found.start()
        if kind == "word":
            word = found.group().upper()
            # A SQL-standard function body has semicolons between BEGIN ATOMIC and END; CASE … END may stand inside.
            if words[:1] == ["CREATE"] and (
                (word == "ATOMIC" and words[-1:] == ["BEGIN"]) or (word == "CASE" and blocks)
            ):
                blocks += 1
            elif word == "END" and blocks:
                blocks -= 1
            words = [*words[:1], word]
        elif kind == "mark" and not comment:
            depth = max(0, depth + {"(": 1, ")": -1, ";": 0}[found.group()])
            if found.group() == ";" and depth == 0 and blocks == 0:
                if start is not None:
                    line, counted = line + text.count("\n", counted, start), start
                    yield Statement(text=text[start : found.start()].rstrip(), line=line)
                start, words = None, []
        at = end
    if start is not None and text[start:].strip():
        line += text.count("\n", counted, start)
        yield Statement(text=text[start:].rstrip(), line=line)


def _block_end(text: str, start: int) -> int:
    """Comments nest."""
    depth, at = 0, start
    for found in re.compile(r"/\*|\*/").finditer(text, start):
        depth += 1 if found.group() == "/*" else -1
        at = found.end()
        if depth == 0:
            return at
    return len(text)
