"""Rows that a CHECK refuses -> rows that it takes, with as little change as can be.

An expression is made true part by part. Where one of several parts will do, each row takes the one that costs it least:
a missing date is filled in before a status is changed.
"""

from __future__ import annotations

import numpy as np

from .amend import Amend
from .evaluate import Got, false, true
from .expressions import (
    Both,
    Case,
    Column,
    Constant,
    Either,
    IsNull,
    Node,
    Not,
    OneOf,
    Operation,
    Unreadable,
    columns,
    is_truth,
)
from .values import Array

_NEVER = 1e6


class Repair(Amend):
    """Works on one block; nothing is undone, so the caller evaluates again."""

    def make(self, node: Node, rows: Array, *, want: bool = True, hard: bool = False) -> None:
        """Change `rows`, in which `node` is the opposite of `want`, so that it is no longer."""
        if not len(rows):
            return
        match node:
            case Not():
                self.make(node.of, rows, want=not want, hard=hard)
            case Both() | Either():
                self._parts(node.parts, rows, every=isinstance(node, Both) == want, want=want, hard=hard)
            case IsNull():
                self._null(node.of, rows, want)
            case OneOf():
                self._one_of(node, rows, want)
            case Case():
                self._case(node, rows, want, hard)
            case Operation("=", left, right) if is_truth(left) and is_truth(right):
                self._equal_truths(left, right, rows, want)
            case Operation():
                self._compare(node, rows, want, hard)
            case Column():
                self._assign(node.name, rows, Got("truth", np.full(len(rows), want), np.zeros(len(rows), "?")))
            case _:
                pass

    def cost(self, node: Node, rows: Array, want: bool) -> Array:
        """What it takes to make it so, for each row."""
        part = self.part(rows, columns(node))
        match node:
            case Not():
                return self.cost(node.of, rows, not want)
            case Both() | Either():
                each = [self.cost(one, rows, want) for one in node.parts]
                every = isinstance(node, Both) == want
                return np.asarray(np.sum(each, axis=0) if every else np.min(each, axis=0))
        try:
            wrong = false(node, part) if want else true(node, part)
        except Unreadable:
            return np.full(len(rows), _NEVER)
        return np.where(wrong, self._price(node, want), 0.0)

    def _price(self, node: Node, want: bool) -> float:
        match node:
            case IsNull(Column(name)) if not want and name in self.means.bound:
                return _NEVER
            case IsNull(Column(name)):
                return (2.5 if name in self.means.nullable else _NEVER) if want else 1.0
        if not [name for name in columns(node) if name not in self.means.fixed]:
            return _NEVER
        match node:
            case OneOf() | Column():
                return 3.0
            case Operation("=", _, Constant()) | Operation("=", Constant(), _):
                return 3.0
        return 2.0

    def _parts(self, parts: tuple[Node, ...], rows: Array, *, every: bool, want: bool, hard: bool) -> None:
        if every:
            for one in parts:
                self.make(one, rows[self._wrong(one, rows, want)], want=want, hard=hard)
            return
        costs = np.stack([self.cost(one, rows, want) for one in parts])
        if hard:
            costs = costs + self.rng.random(costs.shape) * 4
        # of those that cost the same, as often as the block's other rows have each
        usual = np.array([self._usual(one, want) for one in parts])
        chance = np.log(usual)[:, None] + self.rng.gumbel(size=costs.shape)
        choice = np.argmax(np.where(costs <= costs.min(axis=0) + 1e-9, chance, -np.inf), axis=0)
        for at, one in enumerate(parts):
            self.make(one, rows[choice == at], want=want, hard=hard)

    def _usual(self, node: Node, want: bool) -> float:
        """In how many rows it is so already."""
        if not columns(node):
            return 1.0
        try:
            found = true(node, self.block) if want else false(node, self.block)
        except Unreadable:
            return 1.0
        return 1.0 + float(found.sum())

    def _wrong(self, node: Node, rows: Array, want: bool) -> Array:
        part = self.part(rows, columns(node))
        if not part:
            return np.ones(len(rows), "?")
        return false(node, part) if want else true(node, part)

    def _case(self, node: Case, rows: Array, want: bool, hard: bool) -> None:
        left = rows
        for condition, value in node.branches:
            if not len(left):
                return
            if columns(condition):
                here = true(condition, self.part(left, columns(condition)))
            else:
                here = np.ones(len(left), "?")
            chosen = left[here]
            if is_truth(value) and columns(value):
                self.make(value, chosen[self._wrong(value, chosen, want)], want=want, hard=hard)
            elif chosen.size and isinstance(value, Constant) and value.text is not None and (value.text == "t") != want:
                self._branch(node, chosen, want, hard)
            left = left[~here]

    def _branch(self, node: Case, rows: Array, want: bool, hard: bool) -> None:
        """A branch that never gives what is wanted: rows go to the others."""
        able = [
            (condition, value)
            for condition, value in node.branches
            if columns(condition) and (columns(value) or (isinstance(value, Constant) and (value.text == "t") == want))
        ]
        if not able:
            return
        choice = self.rng.integers(0, len(able), len(rows))
        for at, (condition, value) in enumerate(able):
            here = rows[choice == at]
            self.make(condition, here[self._wrong(condition, here, True)], want=True, hard=hard)
            if columns(value) and is_truth(value):
                self.make(value, here[self._wrong(value, here, want)], want=want, hard=hard)

    def _equal_truths(self, left: Node, right: Node, rows: Array, want: bool) -> None:
        """Two truths that must be alike: the one that is about NULLs follows the one that has a meaning."""
        follower, leader = (left, right) if _follows(left) > _follows(right) else (right, left)
        free = [name for name in columns(follower) if name not in self.means.fixed]
        if not free:
            follower, leader = leader, follower
        names = columns(leader)
        goal = true(leader, self.part(rows, names)) if names else np.ones(len(rows), "?")
        if not want:
            goal = ~goal
        # values are copied from rows that have one: while they are many
        empties = isinstance(follower, IsNull)
        for wish in (False, True) if empties else (True, False):
            self.make(follower, rows[goal == wish], want=wish)


def _follows(node: Node) -> int:
    """How readily a truth may be changed to agree with another: NULLs are, lists are not."""
    match node:
        case Not():
            return _follows(node.of)
        case IsNull():
            return 3
        case Both() | Either():
            return min(_follows(one) for one in node.parts)
        case Column():
            return 1
        case OneOf():
            return 0
        case _:
            return 1
