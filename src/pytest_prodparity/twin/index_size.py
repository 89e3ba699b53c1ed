"""How large an index would be that production does not have yet.

Follows `nbtsort.c`: entries are packed until a leaf has less than a tenth free; where the types allow it, equal keys
share one entry whose list of rows is at most a tenth of a page (`nbtdedup.c`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .pages import BLOCK

_USABLE = BLOCK - 24 - 16
_KEEP_FREE = BLOCK // 10
_LONGEST_LIST = (BLOCK // 10 // 8 * 8 - 4) // 8 * 8
_ROW_POINTER = 6
_LINE_POINTER = 4
_EQUAL_IMAGE = 24 + 40
"""Where a B-tree's metapage says whether equal keys may share an entry."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One key or included column: average bytes, alignment in bytes."""

    width: float
    align: int


def shares_entries(metapage: bytes) -> bool:
    """Do the index's types allow that equal keys share one entry?"""
    return bool(metapage[_EQUAL_IMAGE])


def btree_pages(*, rows: float, distinct: float, keys: Sequence[Key], shared: bool) -> tuple[int, int]:
    """Pages and height of a freshly built B-tree with the default fill factor."""
    if rows < 1:
        return 1, 0
    entry = _aligned(8 + _row_width(keys), 8)
    distinct = min(max(1.0, distinct), rows)
    if shared:
        low = math.floor(rows / distinct)
        few, many = _entries(entry, low), _entries(entry, low + 1)
        part = rows / distinct - low
        entries, total = (distinct * ((1 - part) * one + part * other) for one, other in zip(few, many, strict=True))
    else:
        entries, total = rows, rows * (entry + _LINE_POINTER)
    leaves = math.ceil(entries / _per_leaf(total / entries, entry + _LINE_POINTER))
    # Between two leaves of the same key the row's place decides, and makes the pivot longer.
    pivot = entry + _LINE_POINTER + (8 if entries >= 2 * distinct else 0)
    fan_out = max(2, (_USABLE - BLOCK * 3 // 10) // pivot)
    pages, height, level = leaves, 0, leaves
    while level > 1:
        level = math.ceil(level / fan_out)
        pages, height = pages + level, height + 1
    return 1 + pages, height


def _per_leaf(each: float, alone: float) -> float:
    """Entries of `each` bytes that stay on a leaf (`_bt_buildadd`): it is full when less than a tenth is free, not counting
    the list of the last one, or when the next does not fit; then the last one moves to the next leaf.
    """
    room = _USABLE - _LINE_POINTER
    full = min((room + each - alone - _KEEP_FREE) // each + 1, (room - _LINE_POINTER) // each)
    return max(1.0, full - 1)


def _entries(entry: float, rows: int) -> tuple[float, float]:
    """How many entries one key takes that `rows` rows share, and their bytes."""
    longest = int((_LONGEST_LIST - entry) // _ROW_POINTER)
    if rows <= 1 or longest < 2:
        return rows, rows * (entry + _LINE_POINTER)
    full, rest = divmod(rows, longest)
    total = full * (_aligned(entry + longest * _ROW_POINTER, 8) + _LINE_POINTER)
    if rest:
        total += (entry if rest == 1 else _aligned(entry + rest * _ROW_POINTER, 8)) + _LINE_POINTER
    return full + bool(rest), total


def hash_pages(*, rows: float) -> int:
    """Pages of a hash index: 20 bytes an entry, three quarters full, buckets in powers of two."""
    buckets = 1 << max(1, math.ceil(rows / max(1, BLOCK * 3 // 4 // 20))).bit_length()
    return buckets + 4


def brin_pages(*, table_pages: int, keys: Sequence[Key], per_range: int = 128) -> int:
    """Pages of a BRIN index: two values a range, and the map of ranges."""
    ranges = max(1, math.ceil(table_pages / per_range))
    return 1 + math.ceil(ranges / 1360) + math.ceil(ranges * (16 + 2 * _row_width(keys)) / _USABLE)


def _row_width(keys: Sequence[Key]) -> float:
    at = 0.0
    for key in keys:
        at = _aligned(at, key.align) + key.width
    return at


def _aligned(size: float, to: int) -> float:
    return math.ceil(size / to) * to
