"""CHECKs of tables and domains: read, asked what they allow a column, and made to hold over a block of rows.

What is not understood is not refused here: a server can evaluate it (see `sieve`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from . import expressions
from .evaluate import KNOWN, false, pattern_text
from .expressions import Both, Call, Column, Constant, Either, IsNull, Node, Not, OneOf, Operation, Unreadable
from .literals import Kind, literal
from .patterns import Matching, Shape, Slot, shape, texts
from .repair import Repair
from .values import Array, Values

_WHOLE = re.compile(r"^\s*CHECK\s*\((?P<inside>.*)\)\s*(?P<after>[A-Z ]*)$", re.DOTALL)
_ROUNDS = 14
_LAST = 4
"""In so many rounds keys that nothing refers to may change too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A CHECK that we understand."""

    text: str
    node: Node
    columns: frozenset[str]
    enforced: bool = True
    inherited: bool = True
    """False for NO INHERIT."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotUnderstood:
    """A CHECK that only a server can evaluate; `why` is for messages."""

    text: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What CHECKs allow one column by itself. None: anything."""

    values: tuple[str, ...] | None = None
    """The only ones, as texts."""
    low: tuple[Kind, float] | None = None
    """At least this: of what kind (`number`, `date` in days, `stamp` and `time` in microseconds), and the number."""
    high: tuple[Kind, float] | None = None
    low_open: bool = False
    """Is `low` itself forbidden?"""
    high_open: bool = False
    shortest: int = 0
    longest: int | None = None
    shapes: tuple[Shape, ...] = ()
    """Of patterns that a text must match, all of them."""
    patterns: tuple[str, ...] = ()
    """One after the other: each alternative of each."""
    null: bool = True
    """May it be NULL?"""


def parse(
    expression: str, *, value: str | None = None, types: Mapping[str, str] | None = None
) -> Check | NotUnderstood:
    """A definition as `pg_get_constraintdef` prints it (`CHECK (…)`), or the bare expression.

    `value`: the column that a domain's VALUE stands for. `types`: the columns' base types (`pg_type.typname`); the value
    of a column whose type is not ours is then known by equality only.
    """
    found = _WHOLE.match(expression)
    inside, after = (found["inside"], found["after"]) if found else (expression, "")
    try:
        node = expressions.read(inside)
        if value is not None:
            node = _renamed(node, value)
        _refuse_foreign(node, types or {})
        return Check(
            text=expression,
            node=node,
            columns=frozenset(expressions.columns(node)),
            enforced="NOT ENFORCED" not in after,
            inherited="NO INHERIT" not in after,
        )
    except Unreadable as cause:
        return NotUnderstood(text=expression, why=str(cause))


_OURS = {
    "bool", "int2", "int4", "int8", "float4", "float8", "numeric", "date", "time", "timestamp", "timestamptz", "uuid",
    "text", "varchar", "bpchar", "name",
}  # fmt: skip


def _refuse_foreign(node: Node, types: Mapping[str, str]) -> None:
    """Functions and orders of types that are not ours: `lower` of a range is not that of a text."""
    foreign = {name for name, kind in types.items() if kind not in _OURS}
    for each in expressions.walk(node):
        if isinstance(each, Call) and each.name not in KNOWN:
            raise Unreadable(f"the function {each.name}")
        arguments = each.arguments if isinstance(each, Call) else ()
        if isinstance(each, Operation) and each.operator not in ("=", "is distinct"):
            arguments = (each.left, each.right)
        for argument in arguments:
            inner = argument
            while isinstance(inner, Call) and inner.name.startswith("cast ") and inner.arguments:
                inner = inner.arguments[0]
            if isinstance(inner, Column) and inner.name in foreign:
                counting = isinstance(each, Call) and each.name in ("num_nulls", "num_nonnulls")
                if not counting:
                    raise Unreadable(f"{inner.name} is of type {types[inner.name]}")


def _renamed(node: Node, name: str) -> Node:
    match node:
        case Column("value"):
            return Column(name)
        case Call():
            return replace(node, arguments=tuple(_renamed(one, name) for one in node.arguments))
        case Operation():
            return replace(node, left=_renamed(node.left, name), right=_renamed(node.right, name))
        case Both() | Either():
            return replace(node, parts=tuple(_renamed(one, name) for one in node.parts))
        case Not() | IsNull() | OneOf():
            return replace(node, of=_renamed(node.of, name))
        case expressions.Case():
            return replace(node, branches=tuple((_renamed(a, name), _renamed(b, name)) for a, b in node.branches))
        case _:
            return node


def rule(checks: Sequence[Check], column: str) -> Rule:
    """What the checks, and the parts of them that must hold, allow this column by itself."""
    result = Rule()
    for check in checks:
        parts = check.node.parts if isinstance(check.node, Both) else (check.node,)
        for part in parts if check.enforced and column in check.columns else ():
            if expressions.columns(part) == {column}:
                result = _narrowed(result, part)
    return result


def _narrowed(found: Rule, node: Node) -> Rule:
    match node:
        case Both():
            for part in node.parts:
                found = _narrowed(found, part)
            return found
        case Not(IsNull()):
            return replace(found, null=False)
        case OneOf(of, values) if _bare(of):
            return _listed(found, [one.text for one in values if one.text is not None])
        case Either(parts) if all(isinstance(one, OneOf | Operation) for one in parts):
            return _alternatives(found, parts)
        case Operation(operator, left, Constant() as right) if right.text is not None:
            return _compared(found, operator, left, right)
        case Operation(operator, Constant() as left, right) if left.text is not None and operator in _MIRRORED:
            return _compared(found, _MIRRORED[operator], right, left)
        case Operation("~" | "~*" | "~~" | "~~*", left, _) if _bare(left):
            return _shaped(found, [node])
        case Column():
            return _listed(found, ["true"])
        case _:
            return found


_MIRRORED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _bare(node: Node) -> bool:
    return isinstance(node, Column) or (
        isinstance(node, Call) and node.name.startswith("cast ") and _bare(node.arguments[0])
    )


def _listed(found: Rule, values: Sequence[str]) -> Rule:
    kept = values if found.values is None else [one for one in values if one in found.values]
    return replace(found, values=tuple(dict.fromkeys(kept)))


def _alternatives(found: Rule, parts: Sequence[Node]) -> Rule:
    """Several lists, or several patterns, of one column."""
    values: list[str] = []
    patterns: list[Operation] = []
    for part in parts:
        match part:
            case OneOf(of, listed) if _bare(of):
                values += [one.text for one in listed if one.text is not None]
            case Operation("=", left, Constant(str() as text)) if _bare(left):
                values.append(text)
            case Operation("~" | "~*" | "~~" | "~~*", left, _) if _bare(left):
                patterns.append(part)
            case _:
                return found
    if patterns and not values:
        return _shaped(found, patterns)
    # a list, or a pattern: the list alone is a way to hold it
    return _listed(found, values)


def _shaped(found: Rule, patterns: Sequence[Operation]) -> Rule:
    alternatives: list[tuple[Slot, ...]] = []
    written: list[str] = []
    for one in patterns:
        try:
            written.append(pattern_text(one.operator, one.right))
            alternatives += shape(written[-1]).alternatives
        except Unreadable:
            return found
    return replace(found, shapes=(*found.shapes, Shape(tuple(alternatives))), patterns=(*found.patterns, *written))


def _compared(found: Rule, operator: str, left: Node, right: Constant) -> Rule:
    if isinstance(left, Call) and left.name in ("length", "char_length", "character_length", "octet_length"):
        return _long(found, operator, left, right)
    if operator in ("~", "~*", "~~", "~~*") and _bare(left):
        return _shaped(found, [Operation(operator, left, right)])
    if not _bare(left):
        return found
    if operator == "=":
        return _listed(found, [right.text or ""])
    try:
        kind, number, scale = literal(right)
    except Unreadable:
        return found
    if not isinstance(number, int | float):
        return found
    bound = kind, float(number) / 10 ** (scale or 0)
    if operator in (">", ">=") and (found.low is None or bound[1] >= found.low[1]):
        return replace(found, low=bound, low_open=operator == ">")
    if operator in ("<", "<=") and (found.high is None or bound[1] <= found.high[1]):
        return replace(found, high=bound, high_open=operator == "<")
    return found


def _long(found: Rule, operator: str, left: Call, right: Constant) -> Rule:
    inner = left.arguments[0]
    while (
        isinstance(inner, Call) and inner.arguments and (inner.name.endswith("trim") or inner.name.startswith("cast "))
    ):
        inner = inner.arguments[0]
    try:
        number = int(right.text or "")
    except ValueError:
        return found
    if not isinstance(inner, Column):
        return found
    if operator in ("=", ">", ">="):
        found = replace(found, shortest=max(found.shortest, number + (operator == ">")))
    if operator in ("=", "<", "<="):
        most = number - (operator == "<")
        found = replace(found, longest=most if found.longest is None else min(found.longest, most))
    return found


def matching(checks: Sequence[Check], column: str, *, size: int, limit: int | None, salt: int) -> Matching | None:
    """Makes texts for `column` that hold the checks on it alone; None where we know no way to `size` of them."""
    own = [check for check in checks if check.columns == {column} and check.enforced]
    known = rule(own, column)
    longest = min((one for one in (known.longest, limit) if one is not None), default=None)
    goal = max(known.shortest, min(10, longest or 10))
    good = []
    for pattern in known.patterns or (f"^[a-z0-9]{{{goal}}}$", f"^[A-Z0-9]{{{goal}}}$"):
        tried = shape(pattern, tuple(sorted({goal, known.shortest, longest or goal})))
        for one in tried.within(known.shortest, longest).alternatives:
            alone = Shape((one,))
            sample = texts(alone, np.linspace(0, alone.size - 1, 24).astype("i8"))
            if not any(failing({column: sample}, check).any() for check in own):
                good.append(one)
    found = Shape(tuple(dict.fromkeys(good)))
    return Matching(shape=found, size=size, salt=salt) if good and found.size >= size else None


@dataclass(frozen=True, kw_only=True)
class Means:
    """What a repair may do to a block."""

    fixed: Collection[str] = ()
    """Columns whose values must stay: keys."""
    bound: Collection[str] = ()
    """Columns that may become NULL, but never the other way: a composite key's."""
    alike: Mapping[str, int] = field(default_factory=dict)
    """Keys by what they refer to: they may change places with one another."""
    nullable: Collection[str] = ()
    """Columns that may become NULL."""
    derived: Collection[str] = ()
    """Keys that nothing refers to: what an equality says of them may be written into them."""
    loose: Collection[str] = ()
    """References by themselves: they may become another row's, where nothing else helps."""
    soft: Collection[str] = ()
    """Fixed columns that may change in the end: keys that nothing refers to."""
    keys: Collection[str] = ()
    """Fixed columns that may change at the very last: what refers to them gets other parents."""
    draw: Callable[[str, int], Values] | None = None
    """New values for a column, none of them NULL, where the block itself has none to copy."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Characters that a text may have."""


def derived(checks: Sequence[Check]) -> set[str]:
    """Columns of which an equality says what they hold: `a = f(…)`."""
    found: set[str] = set()
    for check in checks:
        for part in check.node.parts if isinstance(check.node, Both) else (check.node,):
            if isinstance(part, Operation) and part.operator == "=":
                for side, other in ((part.left, part.right), (part.right, part.left)):
                    while isinstance(side, Call) and side.name.startswith("cast ") and side.arguments:
                        side = side.arguments[0]
                    if isinstance(side, Column) and expressions.columns(other):
                        found.add(side.name)
    return found


def failing(block: Mapping[str, Values], check: Check) -> Array:
    """Which rows the check refuses. Raises Unreadable where only a server can tell."""
    return false(check.node, block)


def satisfy(
    block: dict[str, Values], checks: Sequence[Check], rng: np.random.Generator, means: Means | None = None
) -> dict[str, int]:
    """Change the block until all `checks` hold; what could not be done is the result: check's text -> rows.

    Columns' own distributions are kept where they can be: two dates in the wrong order change places, a status keeps
    its value and gets the column that it demands. Raises Unreadable for what only a server can evaluate.
    """
    wanted = [check for check in checks if check.enforced]
    able = means or Means()
    before = {name: _nulls(block[name]) for check in wanted for name in check.columns & set(able.nullable) & set(block)}
    repair = Repair(block, rng, able)
    left: dict[str, int] = {}
    for attempt in range(_ROUNDS):
        if attempt == _ROUNDS - _LAST:
            repair = Repair(block, rng, replace(able, fixed=set(able.fixed) - set(able.soft)))
        elif attempt == _ROUNDS - _LAST // 2:
            repair = Repair(block, rng, replace(able, fixed=set(able.fixed) - set(able.soft) - set(able.keys)))
        left = {}
        for check in wanted:
            rows = np.flatnonzero(failing(block, check))
            if len(rows):
                left[check.text] = len(rows)
                repair.make(check.node, rows, hard=attempt > _ROUNDS // 2)
        if not left:
            if attempt:
                _balance(block, wanted, before, rng)
            return {}
        if attempt >= _ROUNDS // 2:
            _copy_passing(repair, wanted, rng)
    return {check.text: count for check in wanted if (count := int(failing(block, check).sum()))}


def _nulls(values: Values) -> int:
    return 0 if values.nulls is None else int(values.nulls.sum())


def _balance(
    block: dict[str, Values], checks: Sequence[Check], before: Mapping[str, int], rng: np.random.Generator
) -> None:
    """Columns that were filled in become NULL in as many other rows, where their checks do not mind."""
    for name, count in sorted(before.items()):
        values = block[name]
        missing = count - _nulls(values)
        if missing <= 0:
            continue
        own = [check for check in checks if name in check.columns]
        tried = {**block, name: replace(values, nulls=np.ones(len(values), "?"))}
        free = ~np.any([failing(tried, check) for check in own], axis=0)
        if values.nulls is not None:
            free &= ~values.nulls
        rows = np.flatnonzero(free)
        nulls = np.zeros(len(values), "?") if values.nulls is None else values.nulls.copy()
        nulls[rng.choice(rows, min(missing, len(rows)), replace=False)] = True
        values.nulls = nulls


def _copy_passing(repair: Repair, checks: Sequence[Check], rng: np.random.Generator) -> None:
    """Rows that still fail get all columns of their checks from a row in which everything holds."""
    block = repair.block
    bad = np.zeros(len(next(iter(block.values()))), "?")
    names: set[str] = set()
    for check in checks:
        found = failing(block, check)
        if found.any():
            names |= check.columns
        bad |= found
    for check in checks:
        if check.columns & names:
            names |= check.columns
    good = np.flatnonzero(~bad)
    rows = np.flatnonzero(bad)
    if len(good) and len(rows):
        donors = rng.choice(good, len(rows))
        for name in sorted(names - (set(repair.means.fixed) - set(repair.means.loose))):
            block[name].put(rows, block[name].take(donors))
