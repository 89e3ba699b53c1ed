"""Regular expressions, backwards: texts that match them, many and distinct, without trying.

A pattern becomes a list of slots, each with its possible texts; a text is a number in that mixed radix. So the n-th
text of a pattern is arithmetic on arrays, and distinct numbers give distinct texts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from .chance import mixed
from .expressions import Unreadable
from .values import Array, Values

_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_UPPER = _LOWER.upper()
_SOME = _LOWER + _DIGITS
_CLASSES = {
    "alpha": _LOWER + _UPPER, "digit": _DIGITS, "alnum": _LOWER + _UPPER + _DIGITS, "upper": _UPPER, "lower": _LOWER,
    "space": " ", "blank": " ", "punct": "!#$%&()*+,-./:;=?@[]_{}", "xdigit": _DIGITS + "abcdef",
}  # fmt: skip
_ESCAPES = {"d": _DIGITS, "w": _LOWER + _UPPER + _DIGITS + "_", "s": " "}
_MOST = 2**55
_MANY = 48
"""So many alternatives are enough; a group of fewer texts is one slot."""
_MOST_REPEATS = 6
"""A `*` or `+` repeats at most so often beyond its least."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a text: one of these."""

    choices: tuple[bytes, ...]

    @property
    def shortest(self) -> int:
        """Characters."""
        return min(len(one.decode()) for one in self.choices)

    @property
    def longest(self) -> int:
        """Characters."""
        return max(len(one.decode()) for one in self.choices)


Sequence_ = tuple[Slot, ...]
_ANYTHING: Sequence_ = (Slot(tuple(sign.encode() for sign in _SOME)),) * 5


@dataclass(frozen=True, slots=True)
class Shape:
    """What a pattern matches: alternatives, each a sequence of slots."""

    alternatives: tuple[Sequence_, ...]

    @property
    def sizes(self) -> list[int]:
        """How many texts each alternative has, at most 2 ** 55; repetitions make some of them equal."""
        return [min(math.prod(len(slot.choices) for slot in one), _MOST) for one in self.alternatives]

    @property
    def size(self) -> int:
        """How many texts there are, as far as numbers reach."""
        return sum(self.sizes)

    def within(self, shortest: int, longest: int | None) -> Shape:
        """Only alternatives of such a length, in characters."""
        return Shape(
            tuple(
                one
                for one in self.alternatives
                if sum(slot.shortest for slot in one) >= shortest
                and (longest is None or sum(slot.longest for slot in one) <= longest)
            )
        )


def to_python(pattern: str) -> str:
    """PostgreSQL's advanced regular expression as Python's."""
    if pattern.startswith("***"):
        raise Unreadable("a pattern with a director")
    result = re.sub(r"\[\[:(\w+):\]", lambda found: "[" + re.escape(_named(found[1])), pattern)
    result = re.sub(r"\[:(\w+):\]", lambda found: re.escape(_named(found[1])), result)
    if re.search(r"\\[mMyYAZ]", result):
        result = re.sub(r"\\[mMy]", r"\\b", result).replace("\\Y", r"\B")
    # $ matches before a line feed in Python only
    return re.sub(r"(?<!\\)\$(?=$|\)|\|)", r"\\Z", result)


def _named(name: str) -> str:
    if name not in _CLASSES:
        raise Unreadable(f"[:{name}:]")
    return _CLASSES[name]


def from_like(pattern: str) -> str:
    """LIKE's pattern as a regular expression."""
    parts, at = ["^"], 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\" and at + 1 < len(pattern):
            at += 1
            parts.append(re.escape(pattern[at]))
        else:
            parts.append({"%": "(?:.|\n)*", "_": "(?:.|\n)"}.get(sign, re.escape(sign)))
        at += 1
    return "".join(parts).replace("(?:.|\n)", ".") + "$"


def from_similar(pattern: str) -> str:
    """SIMILAR TO's pattern as a regular expression."""
    inside, parts = False, []
    for sign in pattern:
        inside = (inside or sign == "[") and sign != "]"
        if inside or sign == "]":
            parts.append(sign)
        else:
            parts.append({"%": ".*", "_": ".", ".": r"\.", "^": r"\^", "$": r"\$"}.get(sign, sign))
    return "^(?:" + "".join(parts) + ")$"


@lru_cache(maxsize=256)
def shape(pattern: str, lengths: tuple[int, ...] = ()) -> Shape:
    """Of a pattern; `lengths` are tried for what may be repeated at will.

    Raises Unreadable for look-around, back references and such.
    """
    reader = _Pattern(pattern, lengths)
    found = reader.alternatives()
    if reader.at < len(pattern):
        raise Unreadable(f"the pattern {pattern!r} at {pattern[reader.at :]!r}")
    if not re.search(r"(?<!\\)\$\)*$", pattern):
        found = [(*one, *_ANYTHING) for one in found]  # it says nothing about the end
    return Shape(tuple(found))


def texts(found: Shape, numbers: Array) -> Values:
    """The texts of these numbers (int64, not negative): equal numbers, equal texts."""
    sizes = found.sizes
    bounds = np.cumsum(np.array([0, *sizes], dtype="i8"))
    numbers = numbers.astype("i8") % bounds[-1]
    where = np.searchsorted(bounds, numbers, side="right") - 1
    width = max(sum(max(map(len, slot.choices)) for slot in one) for one in found.alternatives)
    data, lengths = np.zeros((len(numbers), max(1, width)), "u1"), np.zeros(len(numbers), "i4")
    for at, sequence in enumerate(found.alternatives):
        rows = np.flatnonzero(where == at)
        rest, used = numbers[rows] - bounds[at], 1
        picked: list[tuple[Array, Array]] = []
        for place, slot in enumerate(reversed(sequence)):
            count = len(slot.choices)
            # what the number does not reach follows from it
            picks = rest % count if used < _MOST else mixed(numbers[rows], place) % np.uint64(count)
            picked.append(_column(slot, picks.astype("i8")))
            rest, used = rest // count, used * count
        _write(data, lengths, rows, picked[::-1])
    return Values(form="text", data=data, lengths=lengths)


@lru_cache(maxsize=1024)
def _table(slot: Slot) -> tuple[Array, Array]:
    width = max(1, max(map(len, slot.choices)))
    matrix = np.zeros((len(slot.choices), width), "u1")
    for at, choice in enumerate(slot.choices):
        matrix[at, : len(choice)] = np.frombuffer(choice, "u1")
    return matrix, np.array([len(choice) for choice in slot.choices], "i4")


def _column(slot: Slot, picks: Array) -> tuple[Array, Array]:
    matrix, lengths = _table(slot)
    return matrix[picks], lengths[picks]


def _write(data: Array, lengths: Array, rows: Array, columns: Sequence[tuple[Array, Array]]) -> None:
    """Side by side, without gaps."""
    for matrix, widths in columns:
        for at in range(matrix.shape[1]):
            here = widths > at
            data[rows[here], lengths[rows[here]] + at] = matrix[here, at]
        lengths[rows] += widths


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Makes texts that match: equal numbers, equal texts, and different ones for the numbers up to the shape's size."""

    shape: Shape
    size: int
    salt: int
    unique: bool = True

    def make(self, codes: Array) -> Values:
        """One text a number."""
        step = max(1, self.shape.size // max(1, self.size))
        spread = (mixed(codes, self.salt) % np.uint64(step)).astype("i8")
        return texts(self.shape, codes.astype("i8") * step + spread)


class _Pattern:
    """Recursive descent over the part of the syntax that CHECKs use."""

    def __init__(self, text: str, hints: tuple[int, ...] = ()) -> None:
        self.text, self.at, self.hints = text, 0, hints

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def alternatives(self) -> list[Sequence_]:
        found = self.sequence()
        while self.peek() == "|":
            self.at += 1
            found = found + self.sequence()
        return _thinned(found)

    def sequence(self) -> list[Sequence_]:
        """Alternatives of what stands side by side: a group's alternatives multiply."""
        result: list[Sequence_] = [()]
        while self.peek() and self.peek() not in "|)":
            pieces = self.repeated(self.atom())
            result = [left + right for left in result for right in pieces]
            result = _thinned(result)
        return result

    def atom(self) -> list[Sequence_]:
        sign = self.take()
        if sign in "^$":
            return [()]
        if sign == "(":
            if self.text.startswith("?:", self.at):
                self.at += 2
            elif self.peek() == "?":
                raise Unreadable(f"look-around in {self.text!r}")
            inner = self.alternatives()
            if not self.peek() or self.take() != ")":
                raise Unreadable(f"an open group in {self.text!r}")
            return _merged(inner)
        if sign == "[":
            return [(self.set(),)]
        if sign == ".":
            return [(_slot(_SOME),)]
        if sign == "\\":
            return [(_slot(self.escaped()),)] if self.peek() else [()]
        if sign in "*+?{":
            raise Unreadable(f"{sign} without anything before it in {self.text!r}")
        return [(_slot(sign),)]

    def escaped(self) -> str:
        sign = self.take()
        if sign in _ESCAPES:
            return _ESCAPES[sign]
        if sign in "DWS":
            return {"D": _LOWER, "W": "-", "S": _SOME}[sign]
        if sign in "nrt":
            return {"n": "\n", "r": "\r", "t": "\t"}[sign]
        if sign.isalnum():
            raise Unreadable(f"\\{sign} in {self.text!r}")
        return sign

    def set(self) -> Slot:
        negated = self.peek() == "^"
        self.at += negated
        members: list[str] = []
        first = True
        while first or self.peek() != "]":
            if not self.peek():
                raise Unreadable(f"an open [ in {self.text!r}")
            first = False
            if self.text.startswith("[:", self.at):
                end = self.text.index(":]", self.at)
                members += _named(self.text[self.at + 2 : end])
                self.at = end + 2
                continue
            sign = self.take()
            found = self.escaped() if sign == "\\" else sign
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", "") and len(found) == 1:
                self.at += 1
                last = self.take()
                last = self.escaped() if last == "\\" else last
                members += [chr(code) for code in range(ord(found), min(ord(last), ord(found) + 512) + 1)]
            else:
                members += found
        self.at += 1
        if negated:
            members = [sign for sign in _SOME if sign not in members] or [
                sign for sign in _UPPER + "-_ äß" if sign not in members
            ]
        if not members:
            raise Unreadable(f"an empty set in {self.text!r}")
        return _slot("".join(dict.fromkeys(members)))

    def repeated(self, inner: list[Sequence_]) -> list[Sequence_]:
        least, most = 1, 1
        sign = self.peek()
        if sign == "{":
            found = re.compile(r"\{(\d+)(,?)(\d*)\}").match(self.text, self.at)
            if found is None:
                raise Unreadable(f"{{ in {self.text!r}")
            self.at = found.end()
            least = int(found[1])
            most = int(found[3]) if found[3] else least + (_MOST_REPEATS if found[2] else 0)
            top = most if found[3] or not found[2] else 200
        elif sign and sign in "*+?":
            self.at += 1
            least = int(sign == "+")
            most = 1 if sign == "?" else least + _MOST_REPEATS
            top = 1 if sign == "?" else 200
        else:
            return inner
        if self.peek() and self.peek() in "?+":
            self.at += 1  # greedy or not, the same texts match
        most = min(most, least + 30)
        lengths = sorted(
            {least, *(min(most, least + more) for more in (1, 3, 6)), (least + most) // 2, most}, reverse=True
        )
        lengths += [one for one in self.hints if least <= one <= top and one not in lengths]
        result: list[Sequence_] = []
        for length in lengths:
            made: list[Sequence_] = [()]
            for _ in range(length):
                made = _thinned([left + right for left in made for right in inner])
            result += made
        return _thinned(result)


def _thinned(found: list[Sequence_]) -> list[Sequence_]:
    """Evenly spread ones where there are too many."""
    found = list(dict.fromkeys(found))
    return found if len(found) <= _MANY else found[:: -(-len(found) // _MANY)]


def _merged(inner: list[Sequence_]) -> list[Sequence_]:
    """A group of few texts as one slot."""
    if len(inner) == 1 or sum(math.prod(len(slot.choices) for slot in one) for one in inner) > _MANY:
        return inner
    made = [b"".join(parts) for one in inner for parts in product(*(slot.choices for slot in one))]
    return [(Slot(tuple(dict.fromkeys(made))),)]


def _slot(members: str) -> Slot:
    return Slot(tuple(sign.encode() for sign in members))
