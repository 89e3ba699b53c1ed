"""Regular expressions, backwards: texts that match them, many and distinct, without trying.

A pattern becomes a list of slots, each with its possible texts; a text is a number in that mixed radix. So the n-th
text of a pattern is arithmetic on arrays, and distinct numbers give distinct texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

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
_MOST_REPEATS = 6
"""A `*` or `+` repeats at most so often beyond its least."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a text: one of these."""

    choices: tuple[bytes, ...]


Sequence_ = tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a pattern matches: alternatives, each a sequence of slots."""

    alternatives: tuple[Sequence_, ...]

    @property
    def sizes(self) -> list[int]:
        """How many texts each alternative has; repetitions make some of them equal."""
        return [int(np.prod([float(len(slot.choices)) for slot in one], initial=1.0)) for one in self.alternatives]


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
def shape(pattern: str) -> Shape:
    """Of a pattern; not anchored ends get nothing added. Raises Unreadable for look-around, back references and such."""
    reader = _Pattern(pattern)
    found = reader.alternatives()
    if reader.at < len(pattern):
        raise Unreadable(f"the pattern {pattern!r} at {pattern[reader.at :]!r}")
    return Shape(tuple(found))


def texts(found: Shape, numbers: Array) -> Values:
    """The texts of these numbers (int64, not negative): equal numbers, equal texts."""
    sizes = found.sizes
    total = sum(sizes)
    bounds = np.cumsum(np.array(sizes, dtype="f8"))
    where = np.searchsorted(bounds, numbers.astype("f8") % float(total), side="right").clip(0, len(sizes) - 1)
    columns: list[tuple[Array, Array]] = []
    rows = [np.flatnonzero(where == at) for at in range(len(sizes))]
    width = max(sum(max(map(len, slot.choices)) for slot in one) for one in found.alternatives)
    data, lengths = np.zeros((len(numbers), max(1, width)), "u1"), np.zeros(len(numbers), "i4")
    for at, sequence in enumerate(found.alternatives):
        rest = numbers[rows[at]] - (int(bounds[at - 1]) if at else 0)
        columns = []
        for slot in reversed(sequence):
            columns.append(_column(slot, rest % len(slot.choices)))
            rest = rest // len(slot.choices)
        _write(data, lengths, rows[at], columns[::-1])
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


class _Pattern:
    """Recursive descent over the part of the syntax that CHECKs use."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

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
        if len(found) > 64:
            raise Unreadable(f"too many alternatives in {self.text!r}")
        return found

    def sequence(self) -> list[Sequence_]:
        """Alternatives of what stands side by side: a group's alternatives multiply."""
        result: list[Sequence_] = [()]
        while self.peek() and self.peek() not in "|)":
            pieces = self.repeated(self.atom())
            result = [left + right for left in result for right in pieces]
            if len(result) > 64:
                raise Unreadable(f"too many alternatives in {self.text!r}")
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
            return inner
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
        elif sign and sign in "*+?":
            self.at += 1
            least = int(sign == "+")
            most = 1 if sign == "?" else least + _MOST_REPEATS
        else:
            return inner
        if self.peek() and self.peek() in "?+":
            self.at += 1  # greedy or not, the same texts match
        most = min(most, least + 30)
        if len(inner) == 1:
            # some lengths, the longest ones first: they have the most texts
            lengths = sorted({most, (least + most) // 2, least}, reverse=True)
            return [inner[0] * length for length in lengths]
        if most > 3:
            raise Unreadable(f"a repeated choice in {self.text!r}")
        result: list[Sequence_] = []
        for length in range(least, most + 1):
            made: list[Sequence_] = [()]
            for _ in range(length):
                made = [left + right for left in made for right in inner]
            result += made
        return result


def _slot(members: str) -> Slot:
    return Slot(tuple(sign.encode() for sign in members))
