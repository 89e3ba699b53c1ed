"""Counters in the metapages of GIN and BRIN indexes, which their cost functions read (`ginGetStats`, `brinGetStats`)."""

from __future__ import annotations

import struct
from collections.abc import Mapping

_RANGES_PER_MAP_PAGE = 1360


def gin(page: bytes, counters: Mapping[str, int]) -> bytes:
    """The metapage with production's counters, named as pageinspect's `gin_metapage_info` names them."""
    changed = bytearray(page)
    struct.pack_into("<I", changed, 36, counters.get("n_pending_pages", 0))
    struct.pack_into("<q", changed, 40, counters.get("n_pending_tuples", 0))
    total, entry, data = (counters.get(f"n_{kind}_pages", 0) for kind in ("total", "entry", "data"))
    struct.pack_into("<III", changed, 48, total, entry, data)
    struct.pack_into("<q", changed, 64, counters.get("n_entries", 0))
    return bytes(changed)


def brin(page: bytes, table_pages: int) -> bytes:
    """The metapage with as many range-map pages as a table of `table_pages` pages has."""
    (per_range,) = struct.unpack_from("<I", page, 32)
    ranges = max(1, -(-table_pages // max(1, per_range)))
    changed = bytearray(page)
    struct.pack_into("<I", changed, 36, -(-ranges // _RANGES_PER_MAP_PAGE))
    return bytes(changed)
