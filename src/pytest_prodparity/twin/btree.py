"""Skeleton B-trees: a real, empty tree of production's height, so that the planner charges for the same descent.

The planner reads an index's height from its metapage (`_bt_getrootheight`) and probes the two ends of an index for
the true minimum and maximum (`get_actual_variable_range`). A skeleton serves both: a metapage with root and level, one
inner page per level with a single minus-infinity downlink, and the one leaf, block 1, that holds the end rows' entries.
Layouts are those of `access/nbtree.h` and `storage/bufpage.h`, unchanged since PostgreSQL 12.
"""

from __future__ import annotations

import math
import struct

from .pages import BLOCK

_HEADER = struct.Struct("<QHHHHHHI")
_OPAQUE = struct.Struct("<IIIHH")
_META = struct.Struct("<IIIIII")
_MAGIC, _LEAF, _ROOT = 0x053162, 1, 2
_VERSION = BLOCK | 4
_SPECIAL = BLOCK - _OPAQUE.size
_ALT_TID = 0x2000
"""In an index tuple's info bits: this is a pivot, its offset field counts its key columns."""


def skeleton(meta: bytes, leaf: bytes | None, height: int) -> dict[int, bytes]:
    """Pages by block number that give a tree of `height` levels above its leaf.

    `meta` is the metapage as PostgreSQL built it, `leaf` its root leaf (None where the index has no entry). Nothing is
    returned for height 0, which is how PostgreSQL built it.
    """
    magic, version = struct.unpack_from("<II", meta, 24)
    if magic != _MAGIC:
        raise ValueError(f"not a B-tree's metapage: magic {magic:#x}")
    if height <= 0:
        return {}
    root = height + 1
    changed = bytearray(meta)
    _META.pack_into(changed, 24, magic, version, root, height, root, height)
    pages = {0: bytes(changed), 1: _leaf(leaf)}
    for level in range(1, height + 1):
        pages[level + 1] = _inner(level, child=level, root=level == height)
    return pages


def _leaf(page: bytes | None) -> bytes:
    if page is None:
        fresh = bytearray(BLOCK)
        _HEADER.pack_into(fresh, 0, 0, 0, 0, _HEADER.size, _SPECIAL, _SPECIAL, _VERSION, 0)
        _OPAQUE.pack_into(fresh, _SPECIAL, 0, 0, 0, _LEAF, 0)
        return bytes(fresh)
    changed = bytearray(page)
    before, after, level, flags, cycle = _OPAQUE.unpack_from(changed, _SPECIAL)
    _OPAQUE.pack_into(changed, _SPECIAL, before, after, level, flags & ~_ROOT, cycle)
    return bytes(changed)


def _inner(level: int, *, child: int, root: bool) -> bytes:
    page = bytearray(BLOCK)
    at = _SPECIAL - 8
    _HEADER.pack_into(page, 0, 0, 0, 0, _HEADER.size + 4, at, _SPECIAL, _VERSION, 0)
    struct.pack_into("<I", page, _HEADER.size, at | 1 << 15 | 8 << 17)
    struct.pack_into("<HHHH", page, at, child >> 16, child & 0xFFFF, 0, 8 | _ALT_TID)
    _OPAQUE.pack_into(page, _SPECIAL, 0, 0, level, _ROOT if root else 0, 0)
    return bytes(page)


def estimated_height(pages: int, key_width: float) -> int:
    """Levels above the leaves of a B-tree of `pages` pages, where production would not say.

    Fan-out of an inner page measured on built indexes: about 5734 / (12 + key width); wrong by one for 1 index of 73.
    """
    fan_out = max(2.0, 5734 / (12 + key_width))
    level, height = max(0, pages - 1), 0
    while level > 1:
        level = math.ceil(level / fan_out)
        height += 1
    return height
