"""The shape of a statement: equal for statements that differ only in values, spelling and layout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

from ..wire.lexer import tokens

LONGEST = 16_384
"""Characters that are read of a statement."""
MARK = "?"
"""Stands for any value."""
_CONSTANTS = {"null", "true", "false"}
_BEFORE_SIGN = {
    "select", "and", "or", "not", "where", "on", "having", "then", "else", "when", "case", "in", "between", "limit",
    "offset", "by", "set", "values", "like", "ilike", "return", "returning", "is", "from", "distinct", "all",
}  # fmt: skip
_DIGITS = tuple("0123456789.")
_COMPARED = {"equal", "range", "list", "array", "set", "pattern"}
_SIGN_KEEPERS = set("~!@#%^&|`?")
_TYPE_TAIL = {"precision", "varying", "with", "without", "time", "zone"}
_VERBS = {"select", "insert", "update", "delete", "merge", "values", "table"}
_COMPARISONS = {"=": "equal", "<": "range", ">": "range", "<=": "range", ">=": "range", "<>": "other", "!=": "other"}
_BEFORE_VALUE = {"(", "any", "in", "not", "between", "like", "ilike", *_COMPARISONS}
_PATTERNS = {"like", "ilike", "~~", "~~*", "~", "~*", "similar"}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a statement that holds a value."""

    parameter: int | None
    """Number of the bound parameter, from 1; None for a literal."""
    literals: tuple[str, ...]
    """The literal's text, or those of a collapsed list."""
    role: str
    """What the value does: `equal`, `range`, `limit`, `offset`, `list`, `array`, `pattern`, `set`, `value`, `other`."""
    column: str | None = None
    """The column that it is compared with, unquoted, where it stands beside one."""
    count: int = 1
    """Values in a collapsed list."""
    parameters: tuple[int, ...] = ()
    """All parameters of a collapsed list."""


@dataclass(frozen=True, eq=False)
class Shape:
    """What a statement is, apart from its values."""

    key: str
    """The normal form: the fingerprint."""
    sql: str
    """The text that it was made from, or its beginning."""
    verb: str
    """What it does in the end, past any WITH: `select`, `insert`, `begin`, …; empty for an empty statement."""
    words: tuple[str, ...]
    """The normal form's parts, in order."""
    slots: tuple[Slot, ...]
    tables: tuple[str, ...]
    """Names after FROM, JOIN, UPDATE and INTO, as they were written, without quotes."""

    @cached_property
    def text(self) -> str:
        """The statement on one line for people, literals replaced by `…`: no value can leak through it."""
        return _readable(self.sql) + (" …" if len(self.sql) == LONGEST else "")

    @cached_property
    def outer(self) -> tuple[str, ...]:
        """The words outside all parentheses."""
        depth, found = 0, []
        for word in self.words:
            depth -= word == ")"
            if depth == 0 and word not in "()":
                found.append(word)
            depth += word == "("
        return tuple(found)


@dataclass(slots=True)
class _Item:
    text: str
    kind: str
    literal: str = ""
    parameter: int | None = None
    members: tuple[_Item, ...] = ()
    role: str = ""


def shape(sql: str) -> Shape:
    """The shape of one statement. Cached: a text seen before costs a dictionary's look-up.

    Of a text longer than LONGEST only the beginning is read: what follows is nearly always more of one list of values.
    """
    return _shape(sql) if len(sql) < LONGEST else _made(sql[:LONGEST])


def _made(sql: str) -> Shape:
    cut = len(sql) == LONGEST
    items = _signs(_read(sql))
    items = _arrays(_casts(items))
    _roles(items)
    items = _rows(_lists(items, cut), cut)
    while items and items[-1].text == ";":
        items.pop()
    words = tuple(item.text for item in items)
    slots = tuple(_slot(items, at) for at, item in enumerate(items) if item.kind == "value")
    return Shape(key=" ".join(words), sql=sql, verb=_verb(words), words=words, slots=slots, tables=_tables(items))


_shape = lru_cache(maxsize=4096)(_made)


def masked(text: str) -> str:
    """Any SQL text, also a condition of a plan, on one line with its literals replaced by `…`."""
    return _readable(text)


def _read(sql: str) -> list[_Item]:
    items: list[_Item] = []
    for kind, text, _ in tokens(sql):
        if kind in ("space", "comment"):
            continue
        if kind == "operator" and len(text) > 1 and text[-1] in "+-" and not set(text) & _SIGN_KEEPERS:
            # PostgreSQL reads `=-5` as `= -5`; only operators with one of these characters may end in a sign.
            items += [_Item(text[:-1], kind), _Item(text[-1], kind)]
        elif kind in ("string", "number"):
            items.append(_Item(MARK, "value", literal=text))
        elif kind == "parameter":
            items.append(_Item(MARK, "value", parameter=int(text[1:])))
        elif kind == "word":
            word = text.lower()
            before = items[-1].text if items else ""
            if word in _CONSTANTS and before not in ("is", "not", ".", "as"):
                items.append(_Item(MARK, "value", literal=word))
            else:
                items.append(_Item(word, "word"))
        else:
            items.append(_Item(text, kind))
    return items


def _signs(items: list[_Item]) -> list[_Item]:
    """`-5` as one value: a client that writes values into the text writes the sign too."""
    out: list[_Item] = []
    for item in items:
        if (
            item.kind == "value"
            and item.literal[:1] in _DIGITS
            and out
            and out[-1].text in "+-"
            and (len(out) == 1 or _takes_sign(out[-2]))
        ):
            item.literal = out.pop().text + item.literal
        out.append(item)
    return out


def _takes_sign(item: _Item) -> bool:
    if item.kind == "word":
        return item.text in _BEFORE_SIGN
    return item.kind in ("operator", "mark") and item.text not in (")", "]")


def _casts(items: list[_Item]) -> list[_Item]:
    """Without `::type` after a value: drivers and ORMs add them, or not, for the same statement."""
    out: list[_Item] = []
    at = 0
    while at < len(items):
        if items[at].text == "::" and out and out[-1].kind == "value":
            at = _past_type(items, at + 1)
            continue
        out.append(items[at])
        at += 1
    return out


def _past_type(items: list[_Item], at: int) -> int:
    at += 1
    while at < len(items):
        text = items[at].text
        if text == ".":
            at += 2
        elif text in _TYPE_TAIL:
            at += 1
        elif text == "(" and at + 2 < len(items) and items[at + 1].kind == "value":
            while at < len(items) and items[at].text != ")":
                at += 1
            at += 1
        elif text == "[":
            at += 2 if at + 1 < len(items) and items[at + 1].text == "]" else 3
        else:
            break
    return at


def _arrays(items: list[_Item]) -> list[_Item]:
    """`ARRAY[1, 2]` as one value, as a driver that binds the array sends it."""
    out: list[_Item] = []
    at = 0
    while at < len(items):
        if items[at].text == "array" and at + 1 < len(items) and items[at + 1].text == "[":
            end = at + 2
            while end < len(items) and (items[end].kind == "value" or items[end].text == ","):
                end += 1
            if end < len(items) and items[end].text == "]":
                members = tuple(item for item in items[at + 2 : end] if item.kind == "value")
                out.append(_Item(MARK, "value", members=members, role="array"))
                at = end + 1
                continue
        out.append(items[at])
        at += 1
    return _casts(out)


def _lists(items: list[_Item], cut: bool) -> list[_Item]:
    """`IN (1, 2, 3)` and `IN ((1, 2), (3, 4))` as one value in parentheses."""
    out: list[_Item] = []
    at = 0
    while at < len(items):
        out.append(items[at])
        if items[at].text == "in" and at + 2 < len(items) and items[at + 1].text == "(":
            end, depth = at + 2, 1
            while end < len(items) and depth and (items[end].kind == "value" or items[end].text in "(),"):
                depth += (items[end].text == "(") - (items[end].text == ")")
                end += 1
            if (depth == 0 and end > at + 3) or (cut and end == len(items)):
                members = tuple(item for item in items[at + 2 : end - 1] if item.kind == "value")
                out += [items[at + 1], _Item(MARK, "value", members=members, role="list"), _Item(")", "mark")]
                at = end
                continue
        at += 1
    return out


def _rows(items: list[_Item], cut: bool) -> list[_Item]:
    """`VALUES (…), (…)` with rows of one form as one row: a batch has one shape, whatever its size."""
    out: list[_Item] = []
    at = 0
    while at < len(items):
        out.append(items[at])
        at += 1
        if items[at - 1].text != "values" or at >= len(items) or items[at].text != "(":
            continue
        first_end = _row_end(items, at)
        first = [item.text for item in items[at:first_end]]
        out += items[at:first_end]
        at = first_end
        if cut:
            break
        while at + 1 < len(items) and items[at].text == "," and items[at + 1].text == "(":
            end = _row_end(items, at + 1)
            if [item.text for item in items[at + 1 : end]] != first:
                break
            at = end
    return out


def _row_end(items: list[_Item], at: int) -> int:
    depth = 0
    while at < len(items):
        depth += (items[at].text == "(") - (items[at].text == ")")
        at += 1
        if depth == 0:
            break
    return at


def _roles(items: list[_Item]) -> None:
    clause = [""]
    for at, item in enumerate(items):
        if item.text == "(":
            clause.append("" if clause[-1] == "set" else clause[-1])
        elif item.text == ")" and len(clause) > 1:
            clause.pop()
        elif item.kind == "word" and item.text in ("set", "where", "from", "returning", "values", "select", "on"):
            clause[-1] = item.text
        if item.kind == "value" and item.role in ("", "array"):
            item.role = item.role or _role(items, at, clause[-1])


def _role(items: list[_Item], at: int, clause: str) -> str:
    back = at - 1
    while back >= 0 and (items[back].text in "(," or items[back].kind == "value"):
        back -= 1
    before = items[back].text if back >= 0 else ""
    if clause == "set" and before in ("=", "set"):
        return "set"
    if clause == "values" or before == "values":
        return "value"
    if before in ("limit", "first", "next"):
        return "limit"
    if before == "offset":
        return "offset"
    if before in ("any", "all", "some") and back + 1 < at:
        return "array"
    if before == "in":
        return "list"
    if before in _PATTERNS:
        return "pattern"
    if before == "between" or (before == "and" and _closes_between(items, back)):
        return "range"
    if before in _COMPARISONS:
        return _COMPARISONS[before]
    after = items[at + 1].text if at + 1 < len(items) else ""
    return _COMPARISONS.get(after, "other")


def _closes_between(items: list[_Item], at: int) -> bool:
    for item in reversed(items[max(0, at - 8) : at]):
        if item.text in ("and", "or", "where", "on"):
            return False
        if item.text == "between":
            return True
    return False


def _slot(items: list[_Item], at: int) -> Slot:
    item = items[at]
    members = item.members or (item,)
    return Slot(
        parameter=item.parameter,
        literals=tuple(member.literal for member in members if member.parameter is None),
        role=item.role,
        column=_column(items, at) if item.role in _COMPARED else None,
        count=len(members) if item.members or item.role != "array" else 0,
        parameters=tuple(member.parameter for member in members if member.parameter is not None),
    )


def _column(items: list[_Item], at: int) -> str | None:
    back = at - 1
    while back >= 0 and items[back].text in _BEFORE_VALUE:
        back -= 1
    if back >= 0 and back < at - 1 and items[back].kind in ("word", "quoted"):
        return _name(items[back].text)
    after = at + 2
    while after + 2 < len(items) and items[after + 1].text == ".":
        after += 2
    if at + 1 < len(items) and items[at + 1].text in _COMPARISONS and after < len(items):
        return _name(items[after].text) if items[after].kind in ("word", "quoted") else None
    return None


def _name(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _verb(words: tuple[str, ...]) -> str:
    at = 0
    while at < len(words) and words[at] == "(":
        at += 1
    if at >= len(words):
        return ""
    if words[at] != "with":
        return words[at]
    depth = 0
    for word in words[at:]:
        depth += (word == "(") - (word == ")")
        if depth == 0 and word in _VERBS:
            return word
    return "with"


def _tables(items: list[_Item]) -> tuple[str, ...]:
    found: list[str] = []
    for at, item in enumerate(items[:-1]):
        if item.kind != "word" or item.text not in ("from", "join", "update", "into", "using"):
            continue
        at += 1
        while at < len(items) and items[at].text in ("only", "lateral"):
            at += 1
        name = ""
        while at < len(items) and items[at].kind in ("word", "quoted"):
            name += _name(items[at].text)
            if at + 1 < len(items) and items[at + 1].text == ".":
                name += "."
                at += 2
                continue
            break
        called = at + 1 < len(items) and items[at + 1].text == "(" and item.text != "into"
        if name and not called and name not in found and name not in ("set", "skip", "nowait", "no", "select"):
            found.append(name)
    return tuple(found)


def _readable(sql: str) -> str:
    parts: list[str] = []
    before = ""
    for kind, text, _ in tokens(sql):
        if kind in ("space", "comment"):
            if parts and parts[-1] != " ":
                parts.append(" ")
            continue
        if kind == "string":
            text = "'…'"
        elif kind == "number" and before not in ("limit", "offset"):
            text = "…"
        parts.append(text)
        before = text.lower()
    return "".join(parts).strip().rstrip(";").rstrip()
