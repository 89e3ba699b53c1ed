"""What a server session remembers for its client, so that another server session can take its place."""

from __future__ import annotations

from dataclasses import dataclass

from . import lexer
from .trip import Parameter


@dataclass(kw_only=True, slots=True)
class Prepared:
    """A prepared statement of the protocol (Parse), not of SQL's PREPARE."""

    sql: str
    types: tuple[int, ...]
    message: bytes
    """Parse's body, to be sent again; empty where it was too long to keep."""
    cut: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A statement to be said again."""

    sql: str
    parameters: tuple[Parameter, ...] = ()


_Key = tuple[str, str]


class Memory:
    """Settings, LISTEN and PREPARE that took effect, in their order; what a transaction did counts once it commits."""

    def __init__(self) -> None:
        self.prepared: dict[bytes, Prepared] = {}
        """By name; the unnamed one is `b""`."""
        self._said: dict[_Key, Said] = {}
        self._uncommitted: list[tuple[_Key, Said | None]] = []

    def to_say(self) -> list[Said]:
        """What makes a fresh session like this one, except `prepared`."""
        return list(self._said.values())

    def completed(self, tag: str, sql: str, parameters: tuple[Parameter, ...]) -> None:
        """A statement came to its end without an error."""
        if tag.startswith("SELECT"):
            if "set_config" in sql or "SET_CONFIG" in sql:
                self._uncommitted.append((("set_config", sql + repr(parameters)), Said(sql=sql, parameters=parameters)))
        elif tag == "SET":
            key = _setting(sql)
            if key is not None:
                self._uncommitted.append((("set", key), Said(sql=sql)))
        elif tag in _EFFECTS:
            getattr(self, _EFFECTS[tag])(sql)

    def settled(self, *, failed: bool) -> None:
        """The session is idle; `failed` when the last trip's own transaction was rolled back."""
        if self._uncommitted:
            if failed:
                self._uncommitted.clear()
            else:
                self._commit("")

    def _commit(self, _sql: str) -> None:
        for key, said in self._uncommitted:
            if key[0] == "savepoint":
                continue
            if key[1] == "*":
                kinds = ("set", "set_config") if key[0] == "set" else (key[0],)
                for old in [old for old in self._said if old[0] in kinds]:
                    del self._said[old]
                continue
            self._said.pop(key, None)
            if said is not None:
                self._said[key] = said
        self._uncommitted.clear()

    def _rollback(self, sql: str) -> None:
        words = lexer.words(sql, 5)
        if "TO" not in words:
            self._uncommitted.clear()
            return
        mark: _Key = ("savepoint", lexer.identifier(words[-1]))
        keys = [key for key, _ in self._uncommitted]
        if mark in keys:
            last = len(keys) - 1 - keys[::-1].index(mark)
            del self._uncommitted[last + 1 :]

    def _savepoint(self, sql: str) -> None:
        self._uncommitted.append((("savepoint", lexer.identifier(lexer.words(sql, 2)[-1])), None))

    def _reset(self, sql: str) -> None:
        key = _setting(sql)
        if key is not None:
            # RESET NAME goes back to what the start-up message said, and a fresh session is there already.
            self._uncommitted.append((("set", "*" if key == "all" else key), None))

    def _listen(self, sql: str) -> None:
        self._uncommitted.append((("listen", lexer.identifier(lexer.words(sql, 2)[-1])), Said(sql=sql)))

    def _unlisten(self, sql: str) -> None:
        self._uncommitted.append((("listen", lexer.identifier(lexer.words(sql, 2)[-1])), None))

    def _prepare(self, sql: str) -> None:
        self._said["prepare", lexer.identifier(lexer.words(sql, 2)[-1])] = Said(sql=sql)

    def _deallocate(self, sql: str) -> None:
        name = lexer.identifier(lexer.words(sql, 3)[-1])
        self._said.pop(("prepare", name), None)
        self.prepared.pop(name.encode(), None)

    def _deallocate_all(self, _sql: str) -> None:
        self.prepared.clear()
        for key in [key for key in self._said if key[0] == "prepare"]:
            del self._said[key]

    def _discard_all(self, _sql: str) -> None:
        self.prepared.clear()
        self._said.clear()
        self._uncommitted.clear()


_EFFECTS = {
    "COMMIT": "_commit",
    "ROLLBACK": "_rollback",
    "SAVEPOINT": "_savepoint",
    "RESET": "_reset",
    "LISTEN": "_listen",
    "UNLISTEN": "_unlisten",
    "PREPARE": "_prepare",
    "DEALLOCATE": "_deallocate",
    "DEALLOCATE ALL": "_deallocate_all",
    "DISCARD ALL": "_discard_all",
}

_LONG_NAMES = {
    ("TIME", "ZONE"): "timezone",
    ("SESSION", "AUTHORIZATION"): "session_authorization",
    ("XML", "OPTION"): "xmloption",
}


def _setting(sql: str) -> str | None:
    """Which setting a SET or RESET names; None for what ends with its transaction."""
    words = lexer.words(sql, 4)[1:]
    if words[:1] == ["LOCAL"] or words[:1] == ["TRANSACTION"] or words[:1] == ["CONSTRAINTS"]:
        return None
    if words[:1] == ["SESSION"] and words[1:2] != ["AUTHORIZATION"]:
        words = words[1:]
    if words[:1] == ["NAMES"]:
        return "client_encoding"
    if tuple(words[:2]) in _LONG_NAMES:
        return _LONG_NAMES[words[0], words[1]]
    if not words:
        return None
    name = lexer.identifier(words[0])
    # `my.setting` is three tokens.
    return f"{name}.{lexer.identifier(words[2])}" if words[1:2] == ["."] and len(words) > 2 else name
