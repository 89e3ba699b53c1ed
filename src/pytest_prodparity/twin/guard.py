"""What a statement is: one to plan, one that has no plan, or one whose plan nobody can see."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .plan import CannotTell

_PLANNED = {"select", "values", "table", "with", "insert", "update", "delete", "merge", "declare", "execute"}
_COMMON = re.compile(r"\s*(?:select|with|insert|update|delete)\b", re.IGNORECASE)
_TOKEN = re.compile(
    r"""
    (?P<space>\s+|--[^\n]*)
  | (?P<comment>/\*)
  | (?P<quoted>"(?:[^"]|"")*")
  | (?P<text>[eE]'(?:[^'\\]|\\.|'')*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*')
  | (?P<dollar>\$(?P<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)
  | (?P<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)
  | (?P<other>\$\d+|\d[\w.]*|.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(sql: str) -> Iterator[tuple[str, str, int]]:
    """Kind (`word`, `quoted`, `text`, `other`), token and offset, without white space and comments.

    Cuts as PostgreSQL's lexer does with standard_conforming_strings on: nested comments, dollar quotes, E''.
    """
    at = 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        assert match is not None
        kind = match.lastgroup if match.lastgroup != "tag" else "dollar"
        start, at = at, match.end()
        if kind == "comment":
            at = _comment_end(sql, at)
        elif kind == "dollar":
            end = sql.find(match["dollar"], at)
            at = len(sql) if end < 0 else end + len(match["dollar"])
            yield "text", sql[start:at], start
        elif kind != "space":
            yield str(kind), match[0], start


def _comment_end(sql: str, at: int) -> int:
    depth = 1
    for match in re.compile(r"/\*|\*/").finditer(sql, at):
        depth += 1 if match[0] == "/*" else -1
        if depth == 0:
            return match.end()
    return len(sql)


def plannable(sql: str) -> str | CannotTell:
    """The statement to put behind EXPLAIN, or why there is none."""
    if _COMMON.match(sql):
        return sql
    found = list(tokens(sql))
    while found and found[0][1] == ";":
        found.pop(0)
    if not found:
        return CannotTell("an empty statement has no plan", utility=True)
    words = [token.lower() if kind == "word" else token for kind, token, _ in found]
    first = next((word for word in words if word != "("), "")
    if first in _PLANNED:
        return sql[found[0][2] :]
    if first == "copy":
        return _copied(sql, found, words)
    if first == "create" and _as_query(words):
        return sql[found[0][2] :]
    if first in ("call", "do"):
        return CannotTell(f"the body of {first.upper()} is not visible")
    if first == "refresh":
        return CannotTell("REFRESH runs a view's query, which is not visible")
    return CannotTell(f"{first.upper()} has no plan", utility=True)


def _as_query(words: list[str]) -> bool:
    """CREATE TABLE … AS and CREATE MATERIALIZED VIEW … AS; a generated column's AS is inside parentheses."""
    if not {"table", "materialized"} & set(words[1:5]):
        return False
    depth = 0
    for at, word in enumerate(words):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0 and word == "as":
            return words[at + 1 : at + 2] != [] and words[at + 1] in {*_PLANNED, "("}
    return False


def _copied(sql: str, found: list[tuple[str, str, int]], words: list[str]) -> str | CannotTell:
    """COPY (query) TO is its query; COPY table TO reads the whole table; COPY FROM has no plan."""
    depth, close = 0, None
    for at, word in enumerate(words):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth == 0 and word == ")":
            close = at
            break
    if words[1:2] == ["("]:
        if close is None or words[close + 1 : close + 2] != ["to"]:
            return CannotTell("COPY's query could not be cut out")
        return sql[found[1][2] + 1 : found[close][2]]
    end = next((at for at, word in enumerate(words) if word in ("to", "from") and at > 1), None)
    if end is None or words[end] == "from":
        return CannotTell("COPY FROM has no plan", utility=True)
    opened = words.index("(") if "(" in words[:end] else end
    table = sql[found[1][2] : found[opened][2]]
    columns = sql[found[opened][2] + 1 : found[end - 1][2]] if opened < end else "*"
    return f"SELECT {columns} FROM ONLY {table}"  # noqa: S608  # pieces of the user's own statement


def is_utility(sql: str) -> bool:
    """Is this a statement without a plan, such as SET or BEGIN?"""
    answer = plannable(sql)
    return isinstance(answer, CannotTell) and answer.utility
