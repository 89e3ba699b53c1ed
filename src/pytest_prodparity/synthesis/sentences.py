"""Texts of several words, made of the words of those that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from .chance import generator, mixed
from .text import digits, joined
from .values import Array, Values, text_values, windows

LEAST = 20
"""Texts from which on their words tell what others are made of."""
SEVERAL = 2.5
"""Words of a text, on average; of fewer, too few different texts could be made."""
_TRIED = 4000
_LENGTH = 150_000
"""Words that stand in a row, in chance's order."""


@dataclass(frozen=True, kw_only=True)
class Sentences:
    """The first word rises with the number, as production's histogram has it; the others come as often as in the bounds."""

    bounds: tuple[str, ...]
    """In the order of their bytes."""
    size: int
    limit: int | None = None
    salt: int = 0
    width: float | None = None
    """Bytes on average; None: as the bounds have it."""
    unique: bool = False
    """With its number at the end."""

    def make(self, codes: Array) -> Values:
        """One text a number."""
        chance = mixed(codes, self.salt)
        bin_ = np.minimum(codes.astype("i8") * (len(self.bounds) - 1) // max(1, self.size), len(self.bounds) - 2)
        first = self._firsts.take(bin_ + (chance & np.uint64(1)).astype("i8"))
        assert first.lengths is not None
        flat, begins = self._rest
        starts = ((chance >> np.uint64(16)) % np.uint64(_LENGTH)).astype("i8")
        words = self._counts[((chance >> np.uint64(1)) % np.uint64(len(self._counts))).astype("i8")]
        tail = len(str(max(1, self.size - 1))) if self.unique else 0
        fewer = self._fewer
        if fewer:
            share = (chance >> np.uint64(40)).astype("f8") / 2.0**24
            words = np.maximum(words - np.floor(fewer + share).astype("i8"), np.minimum(words, 1))
        lengths = begins[starts + words] - begins[starts]
        if self.limit is not None:
            # bytes are not characters: what is cut has only ASCII
            room = self.limit - first.lengths - (tail + 1 if tail else 0)
            lengths = np.minimum(lengths, np.maximum(0, room))
        body = windows(flat, begins[starts], max(1, int(lengths.max(initial=1))))
        parts = [(first.data, first.lengths), (body, lengths)]
        if tail:
            number = np.concatenate([np.full((len(codes), 1), 32, "u1"), digits(codes, tail)], axis=1)
            parts.append((number, np.full(len(codes), tail + 1, "i8")))
        return joined(parts)

    @cached_property
    def _fewer(self) -> float:
        """Words by which a text is shorter than those of the bounds: a number takes their room, and the width is known."""
        own = sum(len(text.encode()) for text in self.bounds) / len(self.bounds)
        tail = len(str(max(1, self.size - 1))) + 1 if self.unique else 0
        return float((own + tail - (self.width or own)) * _LENGTH / self._rest[1][_LENGTH])

    @cached_property
    def _words(self) -> list[list[str]]:
        return [text.split(" ") for text in self.bounds]

    @cached_property
    def _firsts(self) -> Values:
        return text_values([words[0] for words in self._words])

    @cached_property
    def _counts(self) -> Array:
        """Of words after the first, one entry a bound."""
        return np.array([len(words) - 1 for words in self._words], "i8")

    @cached_property
    def _rest(self) -> tuple[Array, Array]:
        """Words that are not a text's first, each after a space, and where they begin."""
        known = [word for words in self._words for word in words[1:]]
        total = _LENGTH + 3 * int(self._counts.max()) + 16
        picked = generator(self.salt, "sentences").integers(0, len(known), total)
        entries = [f" {known[place]}".encode() for place in picked]
        begins = np.concatenate([[0], np.cumsum([len(entry) for entry in entries])])
        return np.frombuffer(b"".join(entries), "u1"), begins


def sentences(
    bounds: Sequence[str], *, size: int, width: float | None, limit: int | None, salt: int, unique: bool = False
) -> Sentences | None:
    """A maker of `size` texts like the bounds; None where those are not of several words, or too few."""
    known = tuple(sorted(bounds, key=str.encode))
    if len(known) < LEAST or (limit is not None and not all(map(str.isascii, known))):
        return None
    words = [text.split(" ") for text in known]
    rest = {word for one in words for word in one[1:]}
    mean = sum(map(len, words)) / len(words)
    if mean < SEVERAL or len(rest) < LEAST:
        return None
    several = len({one[0] for one in words}) * float(len(rest)) ** (mean - 1)
    if unique and limit is not None and max(len(one[0]) for one in words) + len(str(size)) + 1 > limit:
        return None
    if not unique and several < 4 * size:
        return None
    made = Sentences(bounds=known, size=max(1, size), limit=limit, salt=salt, width=width, unique=unique)
    for _ in range(2 if width is not None else 0):
        # what the limit cuts off, and texts that cannot get shorter, are made up for
        some = made.make(np.linspace(0, made.size - 1, _TRIED).astype("i8")).lengths
        assert some is not None
        made = replace(made, width=(made.width or 0.0) + (width or 0.0) - float(np.mean(some)))
    return made
