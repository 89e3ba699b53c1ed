"""Texts by vector: a number for each text that is wanted, and the same number always makes the same text."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from .chance import generator, mixed
from .values import Array, Values, text_values, windows

CORPUS = (
    "the order was late again so we asked them to call before noon and leave the parcel with a neighbour please check "
    "whether the invoice has arrived since nobody in accounting could find it yesterday quick answers about packages "
    "are requested carefully above final deposits while regular ideas sleep among pending accounts our customer wants "
    "a refund for one item that came in blue instead of green could you send another label she said thanks for the "
    "help last week everything works now but the second device still shows an old version after restart according to "
    "support this needs an update of both parts first open settings then choose network and wait until it says ready "
    "special requests nag slyly across even instructions express theodolites boost blithely along furious pinto beans "
    "they moved to a new address in march and forgot to tell us where the keys are kept under the stone near the door "
    "meeting moved to friday because half of the team is travelling bring your notes from the previous review and some "
    "numbers about growth in the north region silent dependencies wake fluffily around bold excuses ironic foxes haggle "
)
AWKWARD = (
    "", " ", "O'Brien & Söhne", 'he said "no"', "back\\slash", "semi;colon -- comment", "100%", "00042", "-1", "NULL", "null",
    "true", "<b>bold</b>", "=SUM(A1)", "line one\nline two", "tab\there", "Nguyễn Thị Hồng Nhung", "Łódź", "İstanbul", "ẞtraße",
    "e\u0301te\u0301 (combining)", "Z\u0351\u036b\u0343\u036a\u0302a\u0306l\u0312g\u0324o\u0320", "مرحبا بالعالم", "שלום עולם",
    "\u202eright to left\u202c", "日本語のテキスト", "👩‍👩‍👧‍👦 family", "🇺🇦🏳️‍🌈", "zero\u200bwidth", "  padded  ", "𝒳𝓎𝓏 astral", "ﬁ ligature",
)  # fmt: skip
AWKWARD_EVERY = 400
"""One free text in so many is awkward."""


class Texter(Protocol):
    """Makes the text of a number from 0 to its size. Unequal numbers make unequal texts where it says `unique`."""

    @property
    def unique(self) -> bool:
        """Are the texts of different numbers different?"""

    def make(self, codes: Array) -> Values:
        """The texts of these numbers."""


def joined(parts: Sequence[tuple[Array, Array]]) -> Values:
    """Texts one after the other: each part is a padded matrix of bytes, with the lengths that count."""
    count = len(parts[0][0])
    total = sum(matrix.shape[1] for matrix, _ in parts)
    flat = np.zeros(count * total, "u1")
    ends = np.zeros(count, "i8")
    base = np.arange(count, dtype="i8") * total
    for matrix, lengths in parts:
        if matrix.shape[1] and count:
            # what is too much of a part is written over by the next
            view = np.lib.stride_tricks.sliding_window_view(flat, matrix.shape[1], writeable=True)
            view[base + ends] = matrix
        ends = ends + lengths
    return Values(form="text", data=flat.reshape(count, total), lengths=ends.astype("i4"))


def digits(numbers: Array, width: int) -> Array:
    """Decimal digits with leading zeros, one row a number."""
    matrix = np.empty((len(numbers), width), "u1")
    left = numbers.astype("i8")
    for at in range(width - 1, -1, -1):
        left, last = np.divmod(left, 10)
        matrix[:, at] = last + 48
    return matrix


def _same(matrix: Array) -> tuple[Array, Array]:
    return matrix, np.full(len(matrix), matrix.shape[1], "i8")


def scattered(codes: Array, size: int) -> Array:
    """Another order of 0 … size - 1, so that neighbours in it are not alike."""
    factor = 2_654_435_761 % max(1, size)
    while np.gcd(factor, max(1, size)) != 1:
        factor += 1
    # both below 2**31.5, or the product would overflow
    return np.asarray(codes if size > 3_000_000_000 else codes * factor % max(1, size))


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Texts that are known, such as countries."""

    texts: tuple[str, ...]
    unique: bool = True

    def make(self, codes: Array) -> Values:
        """The texts at these places."""
        known = self._known
        assert known.lengths is not None
        return known.take(codes % len(self.texts))

    @cached_property
    def _known(self) -> Values:
        return text_values(self.texts)


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """Parts from lists in every combination, and a number where the combinations do not suffice: `0` `.` `1` `#` `@` `2`."""

    pattern: tuple[str, ...]
    """`0`, `1`, …: from that list. `-#`: a dash and the number, where there is one. Anything else: itself."""
    lists: tuple[tuple[str, ...], ...]
    size: int
    """How many texts are wanted."""
    unique: bool = True

    def make(self, codes: Array) -> Values:
        """One text a number."""
        left = scattered(codes, self.size)
        chosen = []
        for known in self._known:
            left, place = np.divmod(left, len(known))
            chosen.append(known.take(place))
        parts: list[tuple[Array, Array]] = []
        for part in self.pattern:
            if part.endswith("#"):
                if self.number_width:
                    raw = np.frombuffer(part[:-1].encode(), "u1")
                    parts.append(_same(np.broadcast_to(raw, (len(codes), len(raw)))))
                    parts.append(_same(digits(left, self.number_width)))
            elif part.isdigit():
                values = chosen[int(part)]
                assert values.lengths is not None
                parts.append((values.data, values.lengths))
            else:
                raw = np.frombuffer(part.encode(), "u1")
                parts.append(_same(np.broadcast_to(raw, (len(codes), len(raw)))))
        return joined(parts)

    @cached_property
    def _known(self) -> list[Values]:
        return [text_values(entries) for entries in self.lists]

    @property
    def number_width(self) -> int:
        """Digits that the number needs; 0 where the lists suffice."""
        combinations = int(np.prod([len(entries) for entries in self.lists], dtype="f8"))
        rest = -(-self.size // max(1, combinations))
        return len(str(rest - 1)) if rest > 1 else 0

    @property
    def longest(self) -> int:
        """Characters at most."""
        total = self.number_width
        for part in self.pattern:
            if part.isdigit():
                total += max(map(len, self.lists[int(part)]))
            elif not part.endswith("#"):
                total += len(part)
            elif self.number_width:
                total += len(part) - 1
        return total


SPARE = 4096


@functools.cache
def _corpus() -> tuple[Array, Array]:
    """A megabyte of the words above in chance's order, and where words begin in it."""
    chance, known = generator(0, "corpus"), sorted(set(CORPUS.split()))
    places = chance.integers(0, len(known), 180_000)
    text = " ".join(known[place] for place in places)
    begins = np.concatenate([[0], np.cumsum([len(known[place]) + 1 for place in places])[:-1]])
    return np.frombuffer(text.encode(), "u1"), begins[begins < len(text) - SPARE].astype("i8")


@dataclass(frozen=True, kw_only=True)
class Words:
    """Running words of about so many bytes; a number at the end where each must be its own."""

    width: float
    limit: int | None = None
    size: int = 0
    unique: bool = False
    salt: int = 0
    awkward: bool = True

    def make(self, codes: Array) -> Values:
        """One text a number."""
        corpus, boundaries = _corpus()
        chance = mixed(codes, self.salt)
        tail = len(str(max(1, self.size - 1))) + 1 if self.unique else 0
        middle = max(1.0, self.width - tail)
        if self.limit is not None:
            middle = min(middle, max(1.0, self.limit - tail))
        spread = min(0.5 * middle, (self.limit - tail - middle) if self.limit is not None else middle)
        share = (chance >> np.uint64(40)).astype("f8") / 2.0**24
        lengths = np.maximum(1, np.round(middle + (share * 2 - 1) * spread)).astype("i8")
        reach = int(lengths.max(initial=1))
        starts = boundaries[(chance % np.uint64(len(boundaries))).astype("i8")]
        if reach > SPARE:
            body = corpus[(starts[:, None] + np.arange(reach)) % (len(corpus) - SPARE)]
        else:
            body = windows(corpus, starts, reach)
        if not self.unique:
            made = Values(form="text", data=body, lengths=lengths.astype("i4"))
            return self._with_awkward(made, chance) if self.awkward else made
        number = np.concatenate([np.full((len(codes), 1), 32, "u1"), digits(codes, tail - 1)], axis=1)
        return joined([(body, lengths), _same(number)])

    def _with_awkward(self, made: Values, chance: Array) -> Values:
        # one row makes its whole block as wide as itself
        most = min(max(40.0, 4 * self.width), self.limit or 1e9)
        texts = [text for text in AWKWARD if len(text.encode()) <= most] + [CORPUS[: int(min(most, len(CORPUS)))]]
        rows = np.flatnonzero((chance >> np.uint64(8)) % np.uint64(AWKWARD_EVERY) == 0)
        if len(rows) and texts:
            which = (chance[rows] >> np.uint64(20)) % np.uint64(len(texts))
            known = text_values(texts)
            made.put(rows, known.take(which.astype("i8")))
        return made


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Numbered texts, such as `Customer#000000042`: all have the same letters, and digits at the same places."""

    template: str
    low: int
    step: float
    unique: bool = True

    def make(self, codes: Array) -> Values:
        """Code 0 is `low`, each next a step further."""
        places = [at for at, letter in enumerate(self.template.encode()) if 48 <= letter <= 57]
        matrix = np.tile(np.frombuffer(self.template.encode(), "u1"), (len(codes), 1))
        matrix[:, places] = digits(self.low + np.floor(codes * self.step).astype("i8"), len(places))
        return Values(form="text", data=matrix, lengths=np.full(len(codes), matrix.shape[1], "i4"))


def shape_of(texts: Sequence[str]) -> tuple[str, list[int]] | None:
    """The template and the number of each text, where all texts have one shape."""
    if len(texts) < 2 or not texts[0].isascii():
        return None
    template = re.sub(r"\d", "0", texts[0])
    if not 0 < template.count("0") <= 18 or any(re.sub(r"\d", "0", text) != template for text in texts):
        return None
    constant = [at for at, letter in enumerate(texts[0]) if letter.isdigit()]
    return template, [int("".join(text[at] for at in constant)) for text in texts]


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Short codes with their own letters at each place, such as `N471AA`."""

    alphabets: tuple[str, ...]
    size: int
    unique: bool = True

    def make(self, codes: Array) -> Values:
        """One text a number."""
        left = scattered(codes, min(combinations(self.alphabets), 3_000_000_000))
        matrix = np.empty((len(codes), len(self.alphabets)), "u1")
        for at in range(len(self.alphabets) - 1, -1, -1):
            letters = np.frombuffer(self.alphabets[at].encode(), "u1")
            left, place = np.divmod(left, len(letters))
            matrix[:, at] = letters[place]
        return Values(form="text", data=matrix, lengths=np.full(len(codes), matrix.shape[1], "i4"))


def alphabets_of(texts: Sequence[str]) -> tuple[str, ...] | None:
    """The letters at each place of short codes, those of the most frequent length; None for other texts."""
    if not texts or any(len(text) > 16 or not text.isascii() or " " in text.rstrip(" ") for text in texts):
        return None
    bare = [text.rstrip(" ") for text in texts]
    length = max(set(map(len, bare)), key=lambda one: sum(len(text) == one for text in bare))
    same = [text for text in bare if len(text) == length]
    return tuple("".join(sorted({text[at] for text in same})) for at in range(length)) if length else None


def combinations(alphabets: Sequence[str]) -> int:
    """How many texts they make."""
    return math.prod(map(len, alphabets))


@dataclass(frozen=True, kw_only=True)
class Letters:
    """Short codes over an alphabet: `kqzt`. Unique as long as the size does not exceed the combinations."""

    width: int
    size: int
    alphabet: str = "abcdefghijklmnopqrstuvwxyz"
    unique: bool = True

    def make(self, codes: Array) -> Values:
        """One text a number."""
        letters = np.frombuffer(self.alphabet.encode(), "u1")
        total = min(len(letters) ** self.width, 3_000_000_000)
        left = scattered(codes, total) if self.size <= total else codes
        matrix = np.empty((len(codes), self.width), "u1")
        for at in range(self.width - 1, -1, -1):
            left, place = np.divmod(left, len(letters))
            matrix[:, at] = letters[place]
        return Values(form="text", data=matrix, lengths=np.full(len(codes), self.width, "i4"))


@dataclass(frozen=True, kw_only=True)
class Hexes:
    """Hexadecimal digits, at least 16; `dashes`: as a UUID is written."""

    width: int = 32
    dashes: bool = False
    salt: int = 0
    unique: bool = True

    def make(self, codes: Array) -> Values:
        """One text a number."""
        raw = hashed(codes, self.salt, -(-self.width // 2))
        matrix = np.empty((len(codes), raw.shape[1] * 2), "u1")
        alphabet = np.frombuffer(b"0123456789abcdef", "u1")
        matrix[:, 0::2], matrix[:, 1::2] = alphabet[raw >> 4], alphabet[raw & 15]
        matrix = matrix[:, : self.width]
        if self.dashes:
            dash = np.full((len(codes), 1), 45, "u1")
            cuts = (0, 8, 12, 16, 20, 32)
            pieces = [matrix[:, a:b] for a, b in itertools.pairwise(cuts)]
            matrix = np.concatenate([part for piece in pieces for part in (piece, dash)][:-1], axis=1)
        return Values(form="text", data=matrix, lengths=np.full(len(codes), matrix.shape[1], "i4"))


def hashed(codes: Array, salt: int, width: int) -> Array:
    """Bytes that look like chance; unequal for unequal codes from eight bytes on."""
    blocks = [
        mixed(codes, salt + at * 7919).astype(">u8").view("u1").reshape(len(codes), 8) for at in range(-(-width // 8))
    ]
    return np.concatenate(blocks, axis=1)[:, :width]


def uuids(codes: Array, salt: int) -> Array:
    """Version 4 UUIDs, sixteen bytes a row."""
    raw = hashed(codes, salt, 16)
    # the first eight bytes stay whole, but for the version: the others tell equal ones apart
    raw[:, 6] = raw[:, 6] & 0x0F | 0x40
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    return raw
