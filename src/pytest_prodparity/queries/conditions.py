"""EXPLAIN's conditions, taken apart: which columns are compared with what."""

from __future__ import annotations

from dataclasses import dataclass

from ..profile.model import Column, Table
from ..wire.lexer import tokens

_OPERATORS = {"=", "<", ">", "<=", ">=", "<>", "!=", "~~", "~~*", "!~~", "!~~*", "~", "~*", "@>", "<@", "&&", "@@", "?"}
_RANGES = {"<", ">", "<=", ">="}
_TEXTS = {"text", "character varying", "varchar", "bpchar", "character", "name"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One part of an AND."""

    text: str
    kind: str
    """`equal`, `any` (a list), `range`, `null`, `not null`, `true` (a boolean column), `pattern`, `or`, `other`."""
    column: str | None = None
    """The table's own plain column, where one side is just that."""
    cast: str | None = None
    """The type that the column is cast to, where the cast keeps an index from being used."""
    expression: str | None = None
    """The table's side, where it is more than a column: `lower(email)`."""
    other: str = ""
    """The other side."""
    outside: bool = False
    """Is the other side another relation's column?"""


def split(text: str) -> list[str]:
    """The parts of a conjunction, each without its outer parentheses."""
    words = _words(text)
    return ["".join(part).strip() for part in _conjuncts(words)]


def conditions(text: str, table: Table, alias: str) -> list[Condition]:
    """What a condition asks of `table`, which it calls `alias`."""
    return [_condition(_words(part), table, alias) for part in split(text)] if text else []


def _words(text: str) -> list[str]:
    return [each for _, each, _ in tokens(text)]


def _peeled(words: list[str]) -> list[str]:
    """Without the parentheses that surround the whole."""
    while True:
        while words and words[0].isspace():
            words = words[1:]
        while words and words[-1].isspace():
            words = words[:-1]
        if len(words) < 2 or words[0] != "(" or words[-1] != ")":
            return words
        depth = 0
        for at, word in enumerate(words):
            depth += (word == "(") - (word == ")")
            if depth == 0 and at < len(words) - 1:
                return words
        words = words[1:-1]


def _cut(words: list[str], at: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    depth = 0
    for word in words:
        depth += (word in "([") - (word in ")]")
        if depth == 0 and word.upper() == at:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _conjuncts(words: list[str]) -> list[list[str]]:
    words = _peeled(words)
    parts = _cut(words, "AND")
    if len(parts) == 1:
        return [words]
    return [each for part in parts for each in _conjuncts(part)]


def _condition(words: list[str], table: Table, alias: str) -> Condition:
    text = "".join(words)
    if len(_cut(words, "OR")) > 1:
        return Condition(text=text, kind="or")
    bare = [word for word in words if not word.isspace()]
    upper = [word.upper() for word in bare]
    if upper[-2:] == ["IS", "NULL"] or upper[-3:] == ["IS", "NOT", "NULL"]:
        cut = 3 if upper[-2] == "NOT" else 2
        column, _, expression = _side(bare[:-cut], table, alias)
        return Condition(text=text, kind="null" if cut == 2 else "not null", column=column, expression=expression)
    negated = upper[:1] == ["NOT"]
    column, cast, _ = _side(bare[1:] if negated else bare, table, alias)
    if column is not None and cast is None:
        return Condition(text=text, kind="true", column=column)
    return _comparison(text, bare, table, alias)


def _comparison(text: str, bare: list[str], table: Table, alias: str) -> Condition:
    depth, at = 0, -1
    for place, word in enumerate(bare):
        depth += (word in ("(", "[")) - (word in (")", "]"))
        if depth == 0 and word in _OPERATORS:
            at = place
            break
    if at <= 0:
        return Condition(text=text, kind="other")
    operator, left, right = bare[at], bare[:at], bare[at + 1 :]
    many = bool(right) and right[0].upper() in ("ANY", "ALL")
    mine, theirs = left, right
    if not _mentions(left, alias) and _mentions(right, alias) and not many:
        mine, theirs = right, left
        operator = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
    if _mentions(theirs, alias):
        return Condition(text=text, kind="other")
    column, cast, expression = _side(mine, table, alias)
    if column is None and expression is None:
        return Condition(text=text, kind="other")
    if operator == "=":
        kind = "any" if many else "equal"
    elif operator in _RANGES:
        kind = "range"
    else:
        kind = "pattern" if "~" in operator else "other"
    return Condition(
        text=text, kind=kind, column=column, cast=cast, expression=expression, other="".join(theirs),
        outside=_has_column(theirs),
    )  # fmt: skip


def _mentions(words: list[str], alias: str) -> bool:
    quoted = '"' + alias.replace('"', '""') + '"'
    return any(
        word in (alias, quoted) and words[at + 1] == "." and (at == 0 or words[at - 1] != ".")
        for at, word in enumerate(words[:-1])
    )


def _has_column(words: list[str]) -> bool:
    return any(word == "." and at and words[at - 1] != ")" for at, word in enumerate(words))


def _side(words: list[str], table: Table, alias: str) -> tuple[str | None, str | None, str | None]:
    """(column, cast, None) for a column, cast or not; (None, None, expression) for more; Nones where it is not ours."""
    words = _peeled(words)
    cast: str | None = None
    depth = 0
    for at in range(len(words) - 1, -1, -1):
        depth += (words[at] in ")]") - (words[at] in "([")
        if depth == 0 and words[at] == "::":
            if not all(_of_type(word) for word in words[at + 1 :]):
                break
            cast = _type(words[at + 1 :])
            inner, deeper, _ = _side(words[:at], table, alias)
            if inner is None:
                break
            column = next((each for each in table.columns if each.name == inner), None)
            return inner, deeper or (None if _same(column, cast) else cast), None
    own = _own_column(words, table, alias)
    if own is not None:
        return own, None, None
    if _mentions(words, alias):
        return None, None, _unqualified(words, alias)
    return None, None, None


def _of_type(word: str) -> bool:
    return word.isspace() or word[0].isalpha() or word[0] in '_"' or word.isdigit() or word in "().,[]"


def _type(words: list[str]) -> str:
    return " ".join(word for word in words if not word.isspace())


def _same(column: Column | None, cast: str) -> bool:
    """Casts between text types do not change what an index holds."""
    if column is None:
        return False
    base = column.type.split("(")[0].strip()
    return base in _TEXTS and cast.split("(")[0].strip() in _TEXTS


def _own_column(words: list[str], table: Table, alias: str) -> str | None:
    if len(words) == 3 and words[1] == "." and _plain(words[0]) == alias:
        name = _plain(words[2])
    elif len(words) == 1:
        name = _plain(words[0])
    else:
        return None
    return name if any(column.name == name for column in table.columns) else None


def _plain(word: str) -> str:
    return word[1:-1].replace('""', '"') if word.startswith('"') and len(word) > 1 else word


def _unqualified(words: list[str], alias: str) -> str:
    out: list[str] = []
    at = 0
    while at < len(words):
        if at + 1 < len(words) and words[at + 1] == "." and _plain(words[at]) == alias:
            at += 2
            continue
        out.append(words[at])
        if words[at] == ",":
            out.append(" ")
        elif words[at].upper() in (
            "FROM",
            "AT",
            "TIME",
            "ZONE",
            "IS",
            "NOT",
            "AND",
            "OR",
            "CASE",
            "WHEN",
            "THEN",
            "ELSE",
            "END",
        ):
            out[-1:] = [" ", words[at], " "]
        at += 1
    return "".join(out).replace("  ", " ").strip()
