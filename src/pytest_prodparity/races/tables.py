"""Which tables a statement reads and writes, as far as its text can tell. What cannot be told touches everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from ..wire.lexer import identifier, tokens
from .known import ADVISORY, HARMLESS, NO_CALL, NUMBERING

LONGEST = 262_144
"""Characters that are read of a statement; a longer one touches everything."""
SEQUENCES = "(sequences)"
ADVISORY_LOCKS = "(advisory locks)"

Control = Literal["", "begin", "commit", "rollback", "rollback to", "savepoint", "nothing"]

_CONTROL: dict[str, Control] = {
    "begin": "begin",
    "start": "begin",
    "commit": "commit",
    "end": "commit",
    "rollback": "rollback",
    "abort": "rollback",
    "savepoint": "savepoint",
    "release": "nothing",
    "set": "nothing",
    "show": "nothing",
    "reset": "nothing",
    "deallocate": "nothing",
    "discard": "nothing",
    "close": "nothing",
}
_READ = {"select", "values", "table", "with", "insert", "update", "delete", "merge", "("}
_QUERY = {"select", "with", "values", "table"}
_SPECIAL_FROM = {"extract", "substring", "trim", "overlay", "position"}
_ENDS_FROM = {
    "where", "group", "order", "having", "limit", "offset", "fetch", "union", "intersect", "except", "for", "returning",
    "window", "set", "select", "values", "when", "do",
}  # fmt: skip
_NOT_IN_A_BODY = {
    "execute", "call", "lock", "truncate", "create", "alter", "drop", "copy", "commit", "rollback", "notify", "fetch",
    "open", "refresh",
}  # fmt: skip
_SKIPPED = {"only", "lateral"}
_BEFORE_NAME = {"with", "recursive", ","}
_AFTER_AS = {"(", "materialized", "not"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """What one statement's text says. Tables by their last name: `bank.account` and `account` are `account`."""

    control: Control = ""
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    """Also tables whose rows it locks."""
    calls: frozenset[str] = frozenset()
    """Functions about which nothing is known here."""
    unknown: bool = False
    """No grammar for it here: DDL, LOCK, CALL, DO, NOTIFY, FETCH, …"""
    made: frozenset[str] = frozenset()
    """Names of WITH. They are among `reads` too, since a body may read a table of that name."""
    keeps: bool = False
    """It may take a lock that outlives its transaction."""


@lru_cache(maxsize=4096)
def read(sql: str) -> Text:
    """What the text of one statement says."""
    if len(sql) > LONGEST:
        return Text(unknown=True)
    words = [_Word(kind, text) for kind, text in _said(sql)]
    first = words[0].text if words else ""
    if not words:
        return Text(control="nothing")
    if first in _CONTROL and words[0].kind == "word":
        return _control(first, [word.text for word in words])
    if first == "copy":
        return _copy(words)
    if first not in _READ:
        return Text(unknown=True)
    return _Reader(words).read()


@lru_cache(maxsize=512)
def read_body(source: str) -> Text:
    """What the body of a function in SQL or PL/pgSQL says, all its statements together."""
    words = [_Word(kind, text) for kind, text in _said(source)]
    if len(source) > LONGEST or any(word.kind == "word" and word.text in _NOT_IN_A_BODY for word in words):
        return Text(unknown=True)
    return _Reader(words, body=True).read()


def base(name: str) -> str:
    """A table's last name, by which tables are told apart here; two of the same name count as one."""
    return identifier(name.rpartition(".")[2])


@dataclass(frozen=True, slots=True)
class _Word:
    kind: str
    text: str
    """Lower case, unless it was quoted; a quoted name without its quotes."""


def _said(sql: str) -> Iterator[tuple[str, str]]:
    for kind, text, _ in tokens(sql):
        if kind in ("word", "quoted"):
            # U&"…" is no identifier that can be compared: no table has this name.
            yield kind, identifier(text)
        elif kind in ("string", "number", "parameter"):
            yield "value", "?"
        elif kind not in ("space", "comment") and text != ";":
            yield kind, text


def _control(first: str, words: list[str]) -> Text:
    control = _CONTROL[first]
    if first == "rollback" and "to" in words[1:4]:
        control = "rollback to"
    if words[1:2] == ["prepared"] or (first == "set" and words[1:2] == ["constraints"]):
        return Text(unknown=True)
    if first in ("commit", "end", "rollback", "abort") and "chain" in words and "no" not in words:
        return Text(unknown=True)
    return Text(control=control)


def _copy(words: list[_Word]) -> Text:
    if words[1].text == "(":
        end = next((at for at in range(len(words) - 1, 0, -1) if words[at].text == ")"), len(words))
        return _Reader(words[2:end]).read()
    name, at = _name(words, 1)
    ways = [word.text for word in words[at:] if word.text in ("from", "to")]
    if not ways:
        return Text(unknown=True)
    return Text(writes=frozenset({name})) if ways[0] == "from" else Text(reads=frozenset({name}))


def _name(words: list[_Word], at: int) -> tuple[str, int]:
    """The last part of the name that begins at `at`, and where it ends."""
    name = words[at].text
    while at + 2 < len(words) and words[at + 1].text == "." and words[at + 2].kind in ("word", "quoted"):
        at += 2
        name = words[at].text
    return name, at + 1


@dataclass(slots=True)
class _Level:
    """One pair of parentheses."""

    opened_by: str = ""
    listing: bool = False
    """Inside FROM: a comma brings another table."""
    expecting: bool = False


@dataclass(slots=True)
class _Reader:
    words: list[_Word]
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    body: bool = False
    """It is a function's: INTO names a variable."""
    locks: bool = False
    unknown: bool = False
    keeps: bool = False
    stack: list[_Level] = field(default_factory=lambda: [_Level()])

    def read(self) -> Text:
        at = 0
        while at < len(self.words):
            at = self._one(at)
        return Text(
            reads=frozenset(self.reads),
            writes=frozenset(self.writes | (self.reads if self.locks else set())),
            made=frozenset(self.made),
            calls=frozenset(self.calls),
            unknown=self.unknown,
            keeps=self.keeps,
        )

    def _one(self, at: int) -> int:
        word, level = self.words[at], self.stack[-1]
        if word.text == "(" and word.kind != "quoted":
            return self._open(at)
        if word.text == ")" and word.kind != "quoted":
            if len(self.stack) > 1:
                self.stack.pop()
            return at + 1
        if word.text == "," and word.kind != "quoted":
            level.expecting = level.listing
            return at + 1
        if word.kind not in ("word", "quoted"):
            return at + 1
        if word.kind == "word" and self._keyword(at):
            return at + 1
        if level.expecting and not (word.kind == "word" and word.text in _SKIPPED):
            return self._table(at)
        if self._text(at + 1) == "(":
            self._call(at)
        elif self._text(at + 1) == "as" and self._text(at + 2) in _AFTER_AS and self._text(at - 1) in _BEFORE_NAME:
            self.made.add(word.text)
        return at + 1

    def _keyword(self, at: int) -> bool:
        """Grammar that brings tables; anything else is False."""
        word, before, level = self.words[at].text, self._text(at - 1), self.stack[-1]
        if word == "from":
            if level.opened_by in _SPECIAL_FROM or (before == "distinct" and self._text(at - 2) in ("is", "not")):
                return True
            level.listing = level.expecting = True
            if before == "delete":
                self._target(at + 1)
        elif word == "join":
            level.expecting = True
        elif word == "using":
            # JOIN … USING (columns) has a parenthesis; DELETE … USING and MERGE … USING have a table or a query.
            if self._text(at + 1) != "(":
                level.listing = level.expecting = True
            elif self._text(at + 2) not in _QUERY and self.words[0].text in ("delete", "merge"):
                self.unknown = True
        elif word == "into":
            if before in ("insert", "merge"):
                self._target(at + 1)
            elif not self.body:
                self.unknown = True  # SELECT … INTO makes a table
        elif word == "update":
            if before in ("for", "key"):
                self.locks = True
            elif self._text(at + 1) != "set":
                self._target(at + 1)
        elif word == "share" and before in ("for", "key"):
            self.locks = True
        elif word == "table" and before in ("", "(", "as", "all", "union", "except", "intersect"):
            level.expecting = True
        elif word in _ENDS_FROM:
            level.listing = level.expecting = False
        else:
            return False
        return True

    def _target(self, at: int) -> None:
        while self._text(at) in _SKIPPED:
            at += 1
        if at < len(self.words) and self.words[at].kind in ("word", "quoted"):
            self.writes.add(_name(self.words, at)[0])
        else:
            self.unknown = True

    def _table(self, at: int) -> int:
        self.stack[-1].expecting = False
        name, end = _name(self.words, at)
        if self._text(end) == "(":
            self._call(end - 1)
        else:
            self.reads.add(name)
        return end

    def _open(self, at: int) -> int:
        before = self.words[at - 1] if at else None
        inner = _Level(opened_by=before.text if before is not None and before.kind == "word" else "")
        outer = self.stack[-1]
        if outer.expecting:
            outer.expecting = False
            inner.listing = inner.expecting = self._text(at + 1) not in _QUERY
        self.stack.append(inner)
        return at + 1

    def _call(self, at: int) -> None:
        """A name before a parenthesis: a function, unless it stands where a list of columns is."""
        word, before = self.words[at], self._text(at - 1)
        name = word.text
        if word.kind == "word" and name in NO_CALL:
            return
        if before == "." and at >= 3 and self._text(at - 3) == "into":
            return
        if before in ("into", "as", ")", "with", "recursive") or (before == "," and self._columns_of_with(at)):
            if before in _BEFORE_NAME:
                self.made.add(name)
            return
        if name in NUMBERING:
            self.writes.add(SEQUENCES)
        elif name in ADVISORY:
            if not name.startswith("hash"):
                self.writes.add(ADVISORY_LOCKS)
                self.keeps = self.keeps or "xact" not in name
        elif name not in HARMLESS:
            self.calls.add(name)

    def _columns_of_with(self, at: int) -> bool:
        """`, name (a, b) AS (` within WITH."""
        depth, end = 0, at + 1
        while end < len(self.words):
            depth += (self._text(end) == "(") - (self._text(end) == ")")
            end += 1
            if not depth:
                break
        return self._text(end) == "as" and self._text(end + 1) in _AFTER_AS and len(self.stack) == 1

    def _text(self, at: int) -> str:
        return self.words[at].text if 0 <= at < len(self.words) else ""
