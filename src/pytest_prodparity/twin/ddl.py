"""A test's own DDL, as far as replaying it needs to know."""

from __future__ import annotations

from dataclasses import dataclass

from . import guard
from .plan import CannotTell

_OBJECTS = {"domain", "index", "schema", "sequence", "statistics", "table", "type", "view", "function"}
_QUIET = {"analyze", "begin", "checkpoint", "comment", "commit", "grant", "lock", "revoke", "vacuum"}
_BETWEEN = {"or", "replace", "unique", "temp", "temporary", "unlogged", "global", "local", "recursive", "foreign"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One statement. `table` is the table that it would read or rewrite, as the statement spells it."""

    text: str
    table: str | None = None
    index: bool = False
    """CREATE INDEX: it reads the table's rows."""
    ignored: bool = False
    """It changes no plan."""
    refused: str | None = None
    """Why it cannot be replayed."""


def parse(text: str) -> Change:
    """What replaying a statement takes; a kind that is not known is refused."""
    found = [entry for entry in guard.tokens(text) if entry[1] != ";"]
    words = [token.lower() if kind == "word" else token for kind, token, _ in found]
    if not words or words[0] in _QUIET:
        return Change(text=text, ignored=True)
    if words[0] == "prepare":
        return Change(text=text)
    if words[0] not in ("create", "alter", "drop"):
        return Change(text=text, refused=f"{words[0].upper()} cannot be replayed on the twin")
    at = 1
    while at < len(words) and words[at] in _BETWEEN:
        at += 1
    kind = words[at] if at < len(words) else ""
    if kind not in _OBJECTS or (words[0] == "create" and not isinstance(guard.plannable(text), CannotTell)):
        return Change(text=text, refused=f"{words[0].upper()} {kind.upper()} cannot be replayed on the twin")
    text = _without(text, found, "concurrently") if kind == "index" else text
    if words[0] == "create" and kind == "index":
        on = next((place for place, word in enumerate(words) if word == "on" and place > at), len(words))
        return Change(text=text, table=_name(found, words, on + 1), index=True)
    if words[0] == "alter" and kind == "table":
        return Change(text=_unchecked(text, found, words), table=_name(found, words, at + 1))
    return Change(text=text)


def _without(text: str, found: list[tuple[str, str, int]], word: str) -> str:
    """The statement with one keyword blanked, so that every offset stays."""
    for kind, token, start in found:
        if kind == "word" and token.lower() == word:
            return text[:start] + " " * len(token) + text[start + len(token) :]
    return text


def _unchecked(text: str, found: list[tuple[str, str, int]], words: list[str]) -> str:
    """The statement with NOT VALID on each foreign key: the end rows refer to nothing, and no plan depends on the check."""
    depth, foreign = 0, False
    ends: list[int] = []
    for at, word in enumerate([*words, ","]):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "," and depth == 0:
            start = found[at][2] if at < len(found) else len(text.rstrip().rstrip(";"))
            if foreign and words[max(0, at - 2) : at] != ["not", "valid"]:
                ends.append(start)
            foreign = False
        foreign = foreign or words[at : at + 2] == ["foreign", "key"]
    for end in reversed(ends):
        text = f"{text[:end]} NOT VALID{text[end:]}"
    return text


def _name(found: list[tuple[str, str, int]], words: list[str], at: int) -> str | None:
    """A possibly qualified name, after ONLY and IF EXISTS."""
    while at < len(words) and words[at] in ("only", "if", "exists"):
        at += 1
    parts = []
    while at < len(words) and found[at][0] in ("word", "quoted"):
        parts.append(found[at][1])
        if words[at + 1 : at + 2] != ["."]:
            break
        at += 2
    return ".".join(parts) or None
