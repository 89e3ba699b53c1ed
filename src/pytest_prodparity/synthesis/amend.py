"""One comparison made true, or false, by changing a column of some rows.

Columns keep their own distributions where they can: two dates in the wrong order change places, values are copied from
rows that pass, numbers are moved by what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Protocol

import numpy as np

from .evaluate import ORDER, Got, evaluate, false, pattern_text, true
from .expressions import (
    Call,
    Column,
    Constant,
    Node,
    OneOf,
    Operation,
    Unreadable,
    columns,
)
from .literals import DAY
from .patterns import shape, texts
from .values import Array, Values, text_values

_TRIES = 12


class Limits(Protocol):
    """What a repair may do to a block; `checks.Means` is one."""

    @property
    def fixed(self) -> Collection[str]:
        """Columns whose values must stay."""

    @property
    def bound(self) -> Collection[str]:
        """Columns that may become NULL, but never the other way."""

    @property
    def alike(self) -> Mapping[str, int]:
        """Keys by what they refer to: they may change places with one another."""

    @property
    def nullable(self) -> Collection[str]:
        """Columns that may become NULL."""

    @property
    def derived(self) -> Collection[str]:
        """Keys that nothing refers to: what an equality says of them may be written into them."""

    @property
    def loose(self) -> Collection[str]:
        """References by themselves: they may become another row's, where nothing else helps."""

    @property
    def draw(self) -> Callable[[str, int], Values] | None:
        """New values for a column."""


class Amend:
    """Changes rows of one block."""

    def __init__(self, block: dict[str, Values], rng: np.random.Generator, means: Limits) -> None:
        self.block, self.rng, self.means = block, rng, means

    def part(self, rows: Array, names: Collection[str]) -> dict[str, Values]:
        """These rows of these columns."""
        return {name: self.block[name].take(rows) for name in names if name in self.block}

    def _null(self, node: Node, rows: Array, want: bool) -> None:
        for name in sorted(columns(node)):
            values = self.block[name]
            if want and name in self.means.nullable:
                nulls = np.zeros(len(values), "?") if values.nulls is None else values.nulls
                nulls[rows] = True
                values.nulls = nulls
                return
            if not want and values.nulls is not None and name not in self.means.bound:
                empty = rows[values.nulls[rows]]
                self._redraw(name, empty, np.flatnonzero(~values.nulls))
                return

    def _redraw(self, name: str, rows: Array, donors: Array) -> None:
        """New values for `rows`: copies of `donors`, or drawn where there are few."""
        if not len(rows):
            return
        values = self.block[name]
        if len(donors):
            values.put(rows, values.take(self.rng.choice(donors, len(rows))))
        elif self.means.draw is not None:
            values.put(rows, self.means.draw(name, len(rows)))
        elif values.nulls is not None:
            values.nulls[rows] = False

    def _one_of(self, node: OneOf, rows: Array, want: bool) -> None:
        name = _column_of(node.of)
        if name is None or name in self.means.fixed:
            return
        passing = self._passing(node, name, want)
        if len(passing):
            self._redraw(name, rows, passing)
        elif want:
            values = [one for one in node.values if one.text is not None]
            choice = self.rng.integers(0, len(values), len(rows))
            for at, constant in enumerate(values):
                here = rows[choice == at]
                if len(here):
                    self._assign(name, here, evaluate(constant, self.part(here, [name])))
        elif name in self.means.nullable:
            self._null(Column(name), rows, True)

    def _passing(self, node: Node, name: str, want: bool) -> Array:
        """Rows of the block whose value of `name` would do in every row: only where nothing else is in `node`."""
        if columns(node) != {name}:
            return np.zeros(0, "i8")
        return np.flatnonzero(true(node, self.block) if want else false(node, self.block))

    def _compare(self, node: Operation, rows: Array, want: bool, hard: bool) -> None:
        operator = node.operator if want else _NEGATED.get(node.operator, "")
        if node.operator in ("~", "~*", "~~", "~~*"):
            self._match(node, rows, want)
        elif isinstance(node.left, Call) and node.left.name in ("num_nonnulls", "num_nulls"):
            self._several(node, rows, want)
        elif node.operator == "is distinct":
            self._differ(node.left, node.right, rows, want)
        elif node.operator == "=" and not want:
            self._differ(node.left, node.right, rows, True)
        else:
            rows = self._swap(node, operator, rows)
            if operator == "=":
                rows = self._derive(node, rows)
            if len(rows) and not (self._donate(node, rows, want) or self._length(node, operator, rows)):
                if operator == "=" and self._become(node, rows):
                    return
                self._solve(node, operator, rows, hard)

    def _become(self, node: Operation, rows: Array) -> bool:
        """A text that must be a constant is that."""
        for side, other in ((node.left, node.right), (node.right, node.left)):
            name = _column_of(side)
            if name is not None and isinstance(other, Constant) and self.block[name].form in ("text", "pool", "bool"):
                self._assign(name, rows, evaluate(other, self.part(rows, [name])))
                return True
        return False

    def _several(self, node: Operation, rows: Array, want: bool) -> None:
        """So many columns are NULL: which, each row has by chance, the ones that have a value first."""
        call = node.left
        assert isinstance(call, Call)
        names = [one.name for one in call.arguments if isinstance(one, Column)]
        if not isinstance(node.right, Constant) or node.right.text is None or node.operator not in ORDER:
            return
        number, compare = np.array(float(node.right.text)), ORDER[node.operator]
        allowed = [
            count if call.name == "num_nonnulls" else len(names) - count
            for count in range(len(names) + 1)
            if bool(compare(np.array(float(count)), number)) == want
        ]
        if not allowed or len(names) != len(call.arguments):
            return
        empty = np.stack([self._empty(name)[rows] for name in names])
        have = (~empty).sum(axis=0)
        goal = np.array(sorted(allowed))[np.argmin(np.abs(np.array(sorted(allowed))[:, None] - have), axis=0)]
        # those that have a value come first, by chance among themselves
        rank = np.argsort(np.argsort(empty + self.rng.random(empty.shape) * 0.5, axis=0), axis=0)
        for at, name in enumerate(names):
            keep = rank[at] < goal
            self._null(Column(name), rows[~keep & ~empty[at]], True)
            self._null(Column(name), rows[keep & empty[at]], False)

    def _empty(self, name: str) -> Array:
        nulls = self.block[name].nulls
        return np.zeros(len(self.block[name]), "?") if nulls is None else nulls

    def _derive(self, node: Operation, rows: Array) -> Array:
        """`a = f(…)` of texts, or of a key: what f gives is written into a. The rows that this does not help."""
        for side, other in ((node.left, node.right), (node.right, node.left)):
            name = _column_of(side)
            if name is None or isinstance(other, Constant) or not len(rows):
                continue
            text = self.block[name].form == "text"
            if name in self.means.derived or (text and name not in self.means.fixed):
                self._assign(name, rows, evaluate(other, self.part(rows, columns(other))), key=True)
                rows = rows[self._wrong_by(node, "=", rows)]
        return rows

    def _match(self, node: Operation, rows: Array, want: bool) -> None:
        name = _column_of(node.left)
        if name is None or name in self.means.fixed or self._donate(node, rows, want) or not want:
            return
        made = texts(shape(pattern_text(node.operator, node.right)), self.rng.integers(0, 2**62, len(rows)))
        self.block[name].put(rows, made)

    def _differ(self, left: Node, right: Node, rows: Array, want: bool) -> None:
        """Values that must differ: one of them becomes another row's, or NULL."""
        for side, other in ((left, right), (right, left)):
            name = _column_of(side)
            if name is None or (name in self.means.fixed and name not in self.means.nullable):
                continue
            if not want:
                self._assign(name, rows, evaluate(other, self.part(rows, columns(other) | {name})))
                return
            if columns(other) or name not in self.means.nullable or name not in self.means.fixed:
                values = self.block[name]
                if values.nulls is None or not values.nulls.all():
                    present = np.arange(len(values)) if values.nulls is None else np.flatnonzero(~values.nulls)
                    self._redraw(name, rows, present)
                    still = rows[
                        ~true(Operation("is distinct", left, right), self.part(rows, columns(left) | columns(right)))
                    ]
                    if len(still) and name in self.means.nullable and columns(other):
                        self._null(Column(name), still, True)
                    return

    def _donate(self, node: Operation, rows: Array, want: bool) -> bool:
        """One column against a constant: the block's other rows know what is usual."""
        names = columns(node)
        if len(names) != 1:
            return False
        (name,) = names
        if name in self.means.fixed:
            return False
        passing = self._passing(node, name, want)
        if len(passing):
            self._redraw(name, rows, passing)
        return bool(len(passing))

    def _swap(self, node: Operation, operator: str, rows: Array) -> Array:
        """Two columns in the wrong order change places: both keep their distribution. The rows that this does not help."""
        left, right = node.left, node.right
        if operator not in _NEGATED or operator == "=" or not isinstance(left, Column) or not isinstance(right, Column):
            return rows
        one, other = self.block[left.name], self.block[right.name]
        fixed = {left.name, right.name} & set(self.means.fixed)
        if fixed and self.means.alike.get(left.name, 0) == self.means.alike.get(right.name, 1):
            fixed = set()
        if fixed or one.form != other.form or one.scale != other.scale or one.form not in _MOVABLE:
            return rows
        wrong = one.data[rows] != other.data[rows]
        turned = rows[wrong]
        one.data[turned], other.data[turned] = other.data[turned].copy(), one.data[turned].copy()
        return np.asarray(rows[~wrong])

    def _length(self, node: Operation, operator: str, rows: Array) -> bool:
        """length(x) against a constant: cut, or filled up."""
        call, bound = node.left, node.right
        if not isinstance(call, Call) or call.name not in ("length", "char_length", "octet_length"):
            return False
        name = _column_of(call.arguments[0])
        if name is None or name in self.means.fixed or not isinstance(bound, Constant) or bound.text is None:
            return False
        goal = int(float(bound.text)) + {"<": -1, ">": 1}.get(operator, 0)
        values = self.block[name]
        if values.form != "text" or values.lengths is None or goal < 0:
            return False
        filled = text_values(["x" * goal] * len(rows))
        if goal:
            old = values.data[rows][:, :goal]
            keep = np.minimum(values.lengths[rows], goal)
            # letters beyond ASCII must not be cut in two
            keep[(old >= 0x80).any(axis=1)] = 0
            inside = np.arange(old.shape[1])[None, :] < keep[:, None]
            filled.data[:, : old.shape[1]] = np.where(inside, old, filled.data[:, : old.shape[1]])
        values.put(rows, filled)
        return True

    def _solve(self, node: Operation, operator: str, rows: Array, hard: bool) -> None:
        """Move one column by what is missing, divided by what the difference gains when the column grows by one unit."""
        if operator not in ("=", "<", "<=", ">", ">="):
            return
        names = columns(node)
        free = [name for name in self._by_freedom(node) if self.block[name].form in _MOVABLE]
        if hard:
            self.rng.shuffle(free)
        for name in free:
            before = self.part(rows, names)
            empty = before[name].nulls
            if empty is not None and empty.any():
                continue
            gap = _gap(node, before)
            step = _unit(self.block[name])
            after = dict(before)
            after[name] = _moved(before[name], np.full(len(rows), step))
            slope = (_gap(node, after) - gap) / step
            if before[name].form in ("date", "timestamp") and (np.abs(slope) < 1e-12).any():
                # a year's or month's number: a day changes nothing
                step *= 366 * (DAY if before[name].form == "timestamp" else 1)
                after[name] = _moved(before[name], np.full(len(rows), step))
                slope = (_gap(node, after) - gap) / step
            if (np.abs(slope) < 1e-12).any():
                continue
            margin = (
                {"<": -1.0, ">": 1.0}.get(operator, 0.0)
                * np.abs(slope)
                * (1 if self.block[name].form != "timestamp" else 1e6)
            )
            if operator != "=":
                # not all to the very bound
                margin = margin + np.sign({"<=": -1, "<": -1}.get(operator, 1)) * np.abs(slope) * self._spread(
                    name, rows
                )
            self.block[name].put(rows, _moved(before[name], (margin - gap) / slope))
            if not self._wrong_by(node, operator, rows).any():
                return
            still = self._wrong_by(node, operator, rows)
            self.block[name].put(rows[still], before[name].take(still))
            rows = rows[still]
        self._by_equals(node, operator, rows)

    def _wrong_by(self, node: Operation, operator: str, rows: Array) -> Array:
        return false(Operation(operator, node.left, node.right), self.part(rows, columns(node)))

    def _spread(self, name: str, rows: Array) -> Array:
        """A little chance, in the column's own units."""
        values = self.block[name]
        present = values.data if values.nulls is None else values.data[~values.nulls]
        if not len(present):
            return np.zeros(len(rows))
        width = float(np.percentile(present, 75) - np.percentile(present, 25)) / (10.0**values.scale) / 4
        return np.asarray(self.rng.random(len(rows)) * width)

    def _by_freedom(self, node: Operation) -> list[str]:
        """Columns that may be moved: the one alone on its side first."""
        alone = [side.name for side in (node.left, node.right) if isinstance(side, Column)]
        rest = sorted(columns(node) - set(alone))
        return [name for name in dict.fromkeys([*alone, *rest]) if name not in self.means.fixed and name in self.block]

    def _by_equals(self, node: Operation, operator: str, rows: Array) -> None:
        """`f(a) = g(b)`: a's value from a row in which f gives what g gives here; else NULL where that is allowed."""
        if operator == "=":
            for side, other in ((node.left, node.right), (node.right, node.left)):
                names, others = columns(side), columns(other)
                if names and others and not names & others and not names & set(self.means.fixed):
                    given, wanted = evaluate(side, self.block), evaluate(other, self.part(rows, others))
                    order = np.argsort(given.data, kind="stable")
                    found = np.searchsorted(given.data[order], wanted.data).clip(0, len(order) - 1)
                    donors = order[found]
                    for name in names:
                        self.block[name].put(rows, self.block[name].take(donors))
                    still = self._wrong_by(node, operator, rows)
                    rows = rows[still]
                    if not len(rows):
                        return
        for name in sorted(columns(node) & set(self.means.loose)):
            rows = self._other(node, operator, name, rows)
        for name in [*self._by_freedom(node), *sorted(columns(node))]:
            # of a key too: NULL repeats nothing and refers to nothing
            if name in self.means.nullable and len(rows):
                self._null(Column(name), rows, True)
                return

    def _other(self, node: Operation, operator: str, name: str, rows: Array) -> Array:
        """Another row's value, as long as that helps. The rows that it does not help."""
        values = self.block[name]
        donors = np.flatnonzero(~self._empty(name))
        for _ in range(_TRIES):
            if not len(rows) or not len(donors):
                break
            before = values.take(rows)
            values.put(rows, values.take(self.rng.choice(donors, len(rows))))
            still = self._wrong_by(node, operator, rows)
            values.put(rows[still], before.take(still))
            rows = rows[still]
        return rows

    def _assign(self, name: str, rows: Array, got: Got, *, key: bool = False) -> None:
        """Values of an expression into a column; `key`: though that is one."""
        if name in self.means.fixed and not key:
            return
        values = self.block[name]
        new = values.take(rows)
        if values.form == "text":
            if got.kind not in ("text", "symbol"):
                return
            new = text_values([one.decode("utf-8", "replace") for one in got.data.tolist()])
        elif values.form == "pool":
            literals = (values.pool.literals if values.pool else None) or []
            places = {one.encode(): at for at, one in enumerate(literals)}
            at = np.array([places.get(one, -1) for one in got.data.tolist()], "i8")
            rows, new = rows[at >= 0], new.take(at >= 0)
            new.data = at[at >= 0]
        elif got.kind == "truth":
            new.data = got.data.astype("?")
        elif got.kind == "number":
            new.data = _fitting(got.numbers() * 10.0**values.scale, values)
        else:
            unit = DAY if got.kind == "date" and values.form == "timestamp" else 1
            new.data = (got.data.astype("i8") * unit).astype(values.data.dtype)
        new.nulls = got.nulls[: len(new.data)].copy() if name in self.means.nullable else np.zeros(len(new.data), "?")
        values.put(rows, new)


_NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "<>"}
_MOVABLE = {"int2", "int4", "int8", "float4", "float8", "numeric", "date", "time", "timestamp"}


def _column_of(node: Node) -> str | None:
    while isinstance(node, Call) and node.arguments and (node.name.startswith("cast ") or node.name.endswith("trim")):
        node = node.arguments[0]
    return node.name if isinstance(node, Column) else None


def _gap(node: Operation, part: Mapping[str, Values]) -> Array:
    """Left minus right, in days or plain numbers."""
    left, right = evaluate(node.left, part), evaluate(node.right, part)
    return _plain(left) - _plain(right)


def _plain(got: Got) -> Array:
    if got.kind == "date":
        return got.data.astype("f8") * DAY
    if got.kind in ("number", "stamp", "time", "span"):
        return got.numbers()
    raise Unreadable(f"arithmetic with {got.kind}")


def _unit(values: Values) -> float:
    """One step of a column, in the units that expressions see."""
    return 1.0 if values.form != "numeric" else 10.0**-values.scale


def _moved(values: Values, by: Array) -> Values:
    result = values.take(np.arange(len(values)))
    result.data = _fitting(values.data.astype("f8") + by * 10.0**values.scale, values)
    return result


def _fitting(data: Array, values: Values) -> Array:
    if values.data.dtype.kind == "f":
        return data.astype(values.data.dtype)
    if values.form == "time":
        data = np.clip(data, 0, DAY - 1)
    bounds = np.iinfo(values.data.dtype)
    return np.clip(np.round(data), float(bounds.min) / 2, float(bounds.max) / 2).astype(values.data.dtype)
