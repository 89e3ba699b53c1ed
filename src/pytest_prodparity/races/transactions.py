"""What one connection is in the middle of, read from its statements: which trips are steps, and at which isolation."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..wire import lexer
from .execution import READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE

_BEGINS = ("BEGIN", "START")
_ENDS = ("COMMIT", "END", "ROLLBACK", "ABORT")
_SESSION = ("SET", "SHOW", "RESET", "DISCARD", "DEALLOCATE", "CLOSE", "LISTEN", "UNLISTEN", "SAVEPOINT", "RELEASE")
"""Nobody else can see whether these have run: a SAVEPOINT keeps its locks, a RESET takes no snapshot."""
_CATALOG = (
    "PG_CATALOG",
    "PG_TYPE",
    "PG_CLASS",
    "PG_RANGE",
    "PG_ENUM",
    "PG_NAMESPACE",
    "PG_ATTRIBUTE",
    "INFORMATION_SCHEMA",
)
_NAMELESS = (
    "VERSION",
    "CURRENT_SCHEMA",
    "CURRENT_DATABASE",
    "CURRENT_USER",
    "PG_ADVISORY_UNLOCK_ALL",
    "PG_IS_IN_RECOVERY",
)
_WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "FOR")
_LEVELS = {
    ("READ", "UNCOMMITTED"): READ_COMMITTED,
    ("READ", "COMMITTED"): READ_COMMITTED,
    ("REPEATABLE", "READ"): REPEATABLE_READ,
    ("SERIALIZABLE",): SERIALIZABLE,
}
_LONG = 400
"""Tokens that are read of one statement."""


@lru_cache(maxsize=4_000)
def _words(sql: str) -> tuple[str, ...]:
    return tuple(word for word in lexer.words(sql, _LONG) if word != ";")


@lru_cache(maxsize=4_000)
def _asks_the_catalog(sql: str) -> bool:
    """A driver or a pool asks about types and the like, or whether the server is there; no table of the user's."""
    words = _words(sql)
    if not words or words[0] not in ("SELECT", "WITH") or any(word in words for word in _WRITES):
        return False
    if words[:2] == ("SELECT", "1") and len(words) == 2:
        return True
    if any(word in _CATALOG for word in words):
        after = [words[at + 1] for at, word in enumerate(words[:-1]) if word in ("FROM", "JOIN")]
        ours = {words[at - 1] for at, word in enumerate(words) if word == "AS" and at}  # names of a WITH
        return all(
            word in ("(", *_CATALOG) or word.startswith("PG_") or word in ours or word == "UNNEST" for word in after
        )
    return "FROM" not in words and any(word in _NAMELESS for word in words)


def _level(words: Sequence[str]) -> str | None:
    """The level that `ISOLATION LEVEL …` names, or a setting's value."""
    for at, word in enumerate(words):
        if word == "LEVEL":
            for named, level in _LEVELS.items():
                if tuple(words[at + 1 : at + 1 + len(named)]) == named:
                    return level
    return None


def _valued(words: Sequence[str]) -> str | None:
    value = " ".join(words).strip("'\"").lower().replace("'", "")
    if value == "read uncommitted":
        return READ_COMMITTED
    return value if value in (READ_COMMITTED, REPEATABLE_READ, SERIALIZABLE) else None


def ends(sql: str) -> bool:
    """It ends the transaction that is open."""
    words = _words(sql)
    return bool(words) and words[0] in _ENDS and "TO" not in words


class Transactions:
    """One connection's, fed with its trips in their order. `usual` is the level of its session as it was opened."""

    def __init__(self, usual: str = READ_COMMITTED) -> None:
        self.usual = usual
        self.patient = False
        """It has set a timeout of its own, which may end what it waits for."""
        self._session: str | None = None
        self._own: str | None = None
        self._snapshot = False
        self._savepoints = False

    @property
    def isolation(self) -> str:
        """Of the transaction that is open, or would be opened."""
        return self._own or self._session or self.usual

    def isolation_of(self, statements: Sequence[str], state: str) -> str:
        """Of the transaction in which this trip runs, which may begin one itself."""
        for sql in statements:
            words = _words(sql)
            if words and words[0] in _BEGINS and state == "I":
                return _level(words) or self._session or self.usual
        return self.isolation if state != "I" else self._session or self.usual

    def passes(self, statements: Sequence[str], state: str) -> bool:
        """It is no step: it can be seen by nobody else."""
        return all(self._quiet(sql, state) for sql in statements)

    def _quiet(self, sql: str, state: str) -> bool:
        words = _words(sql)
        if not words:
            return True
        first = words[0]
        if first in _BEGINS:
            return True
        if first in _ENDS:
            # A failed transaction has let its locks go when it failed, and keeps only those from before a savepoint.
            return "TO" not in words and (
                state == "I" or (state == "E" and not self._savepoints and "PREPARED" not in words)
            )
        if first in _SESSION:
            return words[:2] != ("SET", "CONSTRAINTS")
        # The first statement of a transaction with one snapshot takes it, whatever it asks.
        free = state == "I" or self._snapshot or self.isolation == READ_COMMITTED
        return free and _asks_the_catalog(sql)

    def sent(self, statements: Sequence[str]) -> None:
        """The trip goes to the server now."""
        for sql in statements:
            # Also in a set_config, or in a hint's comment.
            self.patient = self.patient or "timeout" in sql.lower()
            self._note(_words(sql))

    def _note(self, words: Sequence[str]) -> None:
        first = words[0] if words else ""
        if first in _BEGINS:
            self._own = _level(words)
        elif first == "SET":
            self._set(words)
        elif first in ("RESET", "DISCARD") and len(words) > 1 and words[1] in ("ALL", "DEFAULT_TRANSACTION_ISOLATION"):
            self._session = None
            self.patient = False
        elif first == "SAVEPOINT":
            self._savepoints = True
        elif first not in _SESSION and first not in _ENDS:
            self._snapshot = True

    def _set(self, words: Sequence[str]) -> None:
        if "CHARACTERISTICS" in words:
            self._session = _level(words) or self._session
        elif "DEFAULT_TRANSACTION_ISOLATION" in words:
            at = words.index("DEFAULT_TRANSACTION_ISOLATION")
            self._session = _valued(words[at + 2 :]) or self._session
        elif "TRANSACTION_ISOLATION" in words:
            self._own = _valued(words[words.index("TRANSACTION_ISOLATION") + 2 :]) or self._own
        elif "TRANSACTION" in words[1:3]:
            self._own = _level(words) or self._own

    def answered(self, after: str) -> None:
        """The server is done with it."""
        if after == "I":
            self._own = None
            self._snapshot = self._savepoints = False
