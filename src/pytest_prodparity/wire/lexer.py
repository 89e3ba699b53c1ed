"""PostgreSQL's lexical rules: enough to cut a text into tokens and into statements, and no grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Token(NamedTuple):
    """A piece of SQL. The texts of all tokens, joined, are the input again."""

    kind: str
    """`space` `comment` `word` `quoted` (an identifier in quotes) `string` `number` `parameter` (`$1`) `operator` `mark`."""
    text: str
    start: int


# The order decides: a prefix (E, B, X, N, U&) belongs to its string, `$1` is no dollar quote, `--` is no operator.
# What is not closed reaches to the end, as the server would read it before it complains.
_STRING = r"(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z)"
_ESCAPES = r"'(?:[^'\\]|''|\\.)*(?:'|\\?\Z)"
_REST = r"""
  | (?P<quoted>(?:[uU]&)?"(?:[^"]|"")*(?:"|\Z))
  | (?P<parameter>\$\d+)
  | (?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$(?:.*?\$(?P=tag)\$|.*))
  | (?P<word>[^\W\d][\w$]*)
  | (?P<number>0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
  | (?P<operator>::|:=|(?:(?!--|/\*)[-+*/<>=~!@\#%^&|`?])+)
  | (?P<mark>.)
"""
_SPACE = r"(?P<space>\s+) | (?P<comment>--[^\n\r]*) | (?P<block>/\*)"
_STANDARD = re.compile(rf"{_SPACE} | (?P<string>[eE]{_ESCAPES}|{_STRING}) {_REST}", re.VERBOSE | re.DOTALL)
_BACKSLASH = re.compile(rf"{_SPACE} | (?P<string>[eEnN]?{_ESCAPES}|{_STRING}) {_REST}", re.VERBOSE | re.DOTALL)
_BLOCK = re.compile(r"/\*|\*/")


def tokens(sql: str, *, standard: bool = True) -> Iterator[Token]:
    """Every token of `sql`, spaces and comments included.

    `standard` is the server's `standard_conforming_strings`: without it a backslash escapes in every string.
    """
    match = (_STANDARD if standard else _BACKSLASH).match
    at, end = 0, len(sql)
    while at < end:
        found = match(sql, at)
        assert found is not None  # `mark` takes any character
        kind = found.lastgroup or "mark"
        stop = found.end()
        if kind == "block":
            kind, stop = "comment", _end_of_comment(sql, stop)
        elif kind in ("dollar", "tag"):
            kind = "string"
        yield Token(kind, sql[at:stop], at)
        at = stop


def _end_of_comment(sql: str, at: int) -> int:
    depth = 1
    for edge in _BLOCK.finditer(sql, at):
        depth += 1 if edge.group() == "/*" else -1
        if not depth:
            return edge.end()
    return len(sql)


def statements(sql: str, *, standard: bool = True) -> list[str]:
    """The statements of a text, without their semicolons; what holds only comments is left out, as the server does.

    Semicolons inside parentheses (CREATE RULE) and in a function's BEGIN ATOMIC body do not end a statement.
    """
    if ";" not in sql:
        return [sql] if _says_something(sql, standard) else []
    cut: list[str] = []
    begin, parentheses, blocks, words = 0, 0, 0, 0
    makes_function = False
    first = ""
    for kind, text, start in tokens(sql, standard=standard):
        if kind == "mark":
            if text in "([":
                parentheses += 1
            elif text in ")]":
                parentheses = max(0, parentheses - 1)
            elif text == ";" and not parentheses and not blocks:
                if words:
                    cut.append(sql[begin:start].strip())
                begin, words, makes_function = start + 1, 0, False
                continue
        elif kind in ("space", "comment"):
            continue
        words += 1
        if kind == "word" and (words <= 4 or makes_function):
            word = text.upper()
            if words == 1:
                first = word
            elif first == "CREATE" and words <= 4 and word in ("FUNCTION", "PROCEDURE"):
                makes_function = True
            elif makes_function:
                # As psql counts: CASE ends with END too.
                if word == "BEGIN" or (word == "CASE" and blocks):
                    blocks += 1
                elif word == "END" and blocks:
                    blocks -= 1
    if words:
        cut.append(sql[begin:].strip())
    return cut


def _says_something(sql: str, standard: bool) -> bool:
    return any(token.kind not in ("space", "comment") for token in tokens(sql, standard=standard))


def words(sql: str, count: int) -> list[str]:
    """The first `count` tokens that are no space and no comment: words in upper case, the rest as written."""
    found: list[str] = []
    for kind, text, _ in tokens(sql):
        if kind in ("space", "comment"):
            continue
        found.append(text.upper() if kind == "word" else text)
        if len(found) == count:
            break
    return found


def identifier(token: str) -> str:
    """What a name means: quoted as it stands, else folded to lower case."""
    if token.startswith('"'):
        return token.strip('"').replace('""', '"')
    return token.lower()
