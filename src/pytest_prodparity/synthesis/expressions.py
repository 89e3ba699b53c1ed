"""Expressions as PostgreSQL prints them back: text -> a small tree.

Only what CHECKs are usually made of; everything else raises Unreadable, and is then tried on a server. Casts are
dropped where they change nothing that a comparison sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


class Unreadable(Exception):
    """This part of an expression is beyond us."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the row; in a domain's check, `VALUE` became the column's name before."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal's text and the type that it was cast to; None is NULL."""

    text: str | None
    type: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A function, by its lower-case name; `extract` has its field as a Constant in front."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """A binary operator."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    of: Node


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """IS NULL."""

    of: Node


@dataclass(frozen=True, slots=True)
class OneOf:
    """IN, or = ANY (ARRAY[…])."""

    of: Node
    values: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """Pairs of condition and value; the last condition is TRUE for ELSE."""

    branches: tuple[tuple[Node, Node], ...]


Node = Column | Constant | Call | Operation | Not | Both | Either | IsNull | OneOf | Case

TRUE = Constant("t", "boolean")

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>E?'(?:[^']|'')*')|(?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)|(?P<quoted>"(?:[^"]|"")+")
    |(?P<word>[^\W\d][\w$]*)|(?P<cast>::)|(?P<mark>[()\[\],.])|(?P<operator>[-+*/<>=~!@\#%^&|`?]+))""",
    re.VERBOSE,
)
_COMPARISONS = {"=", "<>", "<", "<=", ">", ">=", "~", "~*", "!~", "!~*", "~~", "~~*", "!~~", "!~~*"}
_SUMS, _PRODUCTS = {"+", "-", "||"}, {"*", "/", "%"}
_LONG_TYPES = {
    "character": ("varying",), "double": ("precision",), "bit": ("varying",),
    "timestamp": ("with", "without", "time", "zone"), "time": ("with", "without", "time", "zone"),
    "interval": ("year", "to", "month", "day", "hour", "minute", "second"),
}  # fmt: skip
_OPPOSITE = {"!~": "~", "!~*": "~*", "!~~": "~~", "!~~*": "~~*"}


def read(text: str) -> Node:
    """The tree of one boolean expression. Raises Unreadable."""
    reader = _Reader(text)
    try:
        node = reader.either()
    except RecursionError as cause:
        raise Unreadable(text) from cause
    if reader.kind:
        raise Unreadable(f"at {reader.text!r}")
    return node


def columns(node: Node) -> set[str]:
    """Every column that it names."""
    return {each.name for each in walk(node) if isinstance(each, Column)}


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for child in _children(node):
        yield from walk(child)


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Call():
            return node.arguments
        case Operation():
            return node.left, node.right
        case Both() | Either():
            return node.parts
        case Not() | IsNull():
            return (node.of,)
        case OneOf():
            return (node.of, *node.values)
        case Case():
            return tuple(part for branch in node.branches for part in branch)
        case _:
            return ()


def is_truth(node: Node) -> bool:
    """Is its value a boolean, by its form?"""
    match node:
        case Not() | Both() | Either() | IsNull() | OneOf():
            return True
        case Operation():
            return node.operator in _COMPARISONS or node.operator == "is distinct"
        case Constant():
            return node.type == "boolean"
        case Case():
            return all(is_truth(value) for _, value in node.branches)
        case _:
            return False


class _Reader:
    """Recursive descent, one method for each strength of binding."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise Unreadable(f"at {text[at : at + 20]!r}")
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.tokens.append(("", ""))
        self.at = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def text(self) -> str:
        return self.tokens[self.at][1]

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1][1]

    def word(self, *words: str) -> bool:
        """Takes these words if they come next."""
        found = self.tokens[self.at : self.at + len(words)]
        if [(kind, text.upper()) for kind, text in found] != [("word", word) for word in words]:
            return False
        self.at += len(words)
        return True

    def mark(self, mark: str) -> bool:
        if self.kind == "mark" and self.text == mark:
            self.at += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        if not self.mark(mark):
            raise Unreadable(f"{mark!r} expected at {self.text!r}")

    def either(self) -> Node:
        parts = [self.both()]
        while self.word("OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def both(self) -> Node:
        parts = [self.negation()]
        while self.word("AND"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def negation(self) -> Node:
        return Not(self.negation()) if self.word("NOT") else self.comparison()

    def comparison(self) -> Node:
        left = self.sum()
        while True:
            if self.word("IS"):
                left = self.test(left)
            elif self.kind == "operator" and self.text in _COMPARISONS:
                left = self.compared(left, self.take())
            elif self.word("SIMILAR", "TO"):
                left = Operation("~", left, Call("similar_to_escape", (self.sum(),)))
            else:
                return left

    def compared(self, left: Node, operator: str) -> Node:
        for word in ("ANY", "ALL"):
            if self.word(word):
                values = self.array()
                if (word, operator) == ("ANY", "="):
                    return OneOf(left, values)
                if (word, operator) == ("ALL", "<>"):
                    return Not(OneOf(left, values))
                made = tuple(_compare(left, operator, value) for value in values)
                return Either(made) if word == "ANY" else Both(made)
        return _compare(left, operator, self.sum())

    def array(self) -> tuple[Constant, ...]:
        """`(ARRAY[…])`, cast or not, of constants only."""
        self.expect("(")
        if self.kind == "mark" and self.text == "(":
            inner = self.array()
        elif self.word("ARRAY"):
            self.expect("[")
            found = [] if self.mark("]") else [self.sum()]
            while found and self.mark(","):
                found.append(self.sum())
            if found:
                self.expect("]")
            inner = tuple(one for one in found if isinstance(one, Constant))
            if len(inner) < len(found):
                raise Unreadable("an array that is not of constants")
        elif self.kind == "string":
            inner = _elements(self.casts(self.atom()))
        else:
            raise Unreadable(f"an array at {self.text!r}")
        self.casts(None)
        self.expect(")")
        self.casts(None)
        return inner

    def test(self, left: Node) -> Node:
        negated = self.word("NOT")
        made: Node
        if self.word("NULL"):
            made = IsNull(left)
        elif self.word("TRUE"):
            made = Both((Not(IsNull(left)), left))
        elif self.word("FALSE"):
            made = Both((Not(IsNull(left)), Not(left)))
        elif self.word("UNKNOWN"):
            made = IsNull(left)
        elif self.word("DISTINCT", "FROM"):
            made = Operation("is distinct", left, self.sum())
        else:
            raise Unreadable(f"IS {self.text}")
        return Not(made) if negated else made

    def sum(self) -> Node:
        left = self.product()
        while self.kind == "operator" and self.text in _SUMS:
            left = Operation(self.take(), left, self.product())
        if self.kind == "operator" and self.text not in _COMPARISONS | _PRODUCTS:
            raise Unreadable(f"the operator {self.text}")
        return left

    def product(self) -> Node:
        left = self.unary()
        while self.kind == "operator" and self.text in _PRODUCTS:
            left = Operation(self.take(), left, self.unary())
        return left

    def unary(self) -> Node:
        if self.kind == "operator" and self.text == "-":
            self.take()
            of = self.unary()
            if isinstance(of, Constant) and of.text is not None:
                return Constant("-" + of.text, of.type)
            return Operation("-", Constant("0", "integer"), of)
        return self.casts(self.atom())

    def casts(self, node: Node | None) -> Node:
        """Casts and collations behind a value; an array subscript is beyond us."""
        result = node or Constant(None)
        while True:
            if self.kind == "cast":
                self.take()
                result = _cast(result, self.type())
            elif self.word("COLLATE"):
                self.take()
                if self.mark("."):
                    self.take()
            else:
                if self.kind == "mark" and self.text in "[.":
                    raise Unreadable(f"{self.text} behind a value")
                return result

    def type(self) -> str:
        if self.kind not in ("word", "quoted"):
            raise Unreadable(f"a type at {self.text!r}")
        words = [self.take()]
        while self.mark("."):
            words = [self.take()]
        name = words[0] if words[0].startswith('"') else words[0].lower()
        first = True
        while True:
            if first and self.mark("("):
                while not self.mark(")"):
                    if not self.kind:
                        raise Unreadable("an open type")
                    self.take()
                first = False
            elif self.kind == "word" and self.text.lower() in _LONG_TYPES.get(name.split()[0], ()):
                name += " " + self.take().lower()
            elif self.mark("["):
                self.expect("]")
                name += "[]"
            else:
                return name

    def atom(self) -> Node:
        kind, text = self.kind, self.text
        if self.mark("("):
            inner = self.either()
            self.expect(")")
            return inner
        if kind == "string":
            self.take()
            if text.startswith("E"):
                return Constant(re.sub(r"\\(.)", r"\1", text[2:-1].replace("''", "'")))
            return Constant(text[1:-1].replace("''", "'"))
        if kind == "number":
            return Constant(self.take(), "numeric")
        if kind == "quoted":
            self.take()
            if self.kind == "mark" and self.text in "(.":
                raise Unreadable(f"{text}{self.text}")
            return Column(text[1:-1].replace('""', '"'))
        if kind == "word":
            return self.named()
        raise Unreadable(f"at {text!r}")

    def named(self) -> Node:
        for words, value in ((("TRUE",), TRUE), (("FALSE",), Constant("f", "boolean")), (("NULL",), Constant(None))):
            if self.word(*words):
                return value
        if self.word("CASE"):
            return self.case()
        name = self.take().lower()
        while self.kind == "mark" and self.text == "." and self.tokens[self.at + 1][0] in ("word", "quoted"):
            self.take()
            name = "." + self.take()  # of some schema: none of the functions that we know
        if not self.mark("("):
            if name.startswith(".") or name in ("array", "row", "current_date", "current_timestamp", "current_user"):
                raise Unreadable(name)
            return Column(name)
        if name == "extract":
            field = self.take().lower().strip("'")
            if not self.word("FROM"):
                raise Unreadable("extract")
            made = Call(name, (Constant(field, "text"), self.either()))
            self.expect(")")
            return made
        arguments: list[Node] = []
        while not self.mark(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.either())
        return Call(name, tuple(arguments))

    def case(self) -> Node:
        subject = None if self.kind == "word" and self.text.upper() == "WHEN" else self.either()
        branches: list[tuple[Node, Node]] = []
        while self.word("WHEN"):
            condition = self.either()
            if not self.word("THEN"):
                raise Unreadable("WHEN without THEN")
            branches.append((condition if subject is None else Operation("=", subject, condition), self.either()))
        branches.append((TRUE, self.either() if self.word("ELSE") else Constant(None)))
        if not self.word("END"):
            raise Unreadable("CASE without END")
        return Case(tuple(branches))


def _compare(left: Node, operator: str, right: Node) -> Node:
    if operator in _OPPOSITE:
        return Not(Operation(_OPPOSITE[operator], left, right))
    if operator == "<>":
        return Not(Operation("=", left, right))
    return Operation(operator, left, right)


def _elements(node: Node) -> tuple[Constant, ...]:
    """Of an array's literal: `'{a,"b c"}'::text[]`."""
    if not isinstance(node, Constant) or not (node.text or "").startswith("{") or not node.type.endswith("[]"):
        raise Unreadable("an array that is not of constants")
    inside = str(node.text)[1:-1]
    found = re.findall(r'\s*("(?:[^"\\]|\\.)*"|[^,{}"\\]+)\s*(?:,|$)', inside)
    if inside and ",".join(found).replace(" ", "") != inside.replace(" ", ""):
        raise Unreadable(f"the array {node.text}")
    texts = [re.sub(r"\\(.)", r"\1", one[1:-1]) if one.startswith('"') else one.strip() for one in found]
    return tuple(
        Constant(None if text == "NULL" == one.strip() else text, node.type[:-2])
        for one, text in zip(found, texts, strict=True)
    )


def _cast(node: Node, kind: str) -> Node:
    if isinstance(node, Constant):
        return Constant(node.text, kind)
    if kind in ("date", "integer", "bigint", "smallint"):
        return Call("cast " + kind, (node,))
    if kind in ("text", "character varying", "character", "bpchar", "numeric", "double precision", "real"):
        return Call("cast " + kind, (node,))
    if kind.startswith("timestamp"):
        return Call("cast " + kind, (node,))
    return node
