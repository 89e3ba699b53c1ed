"""Columns of a block -> the bytes of COPY's binary format.

All fields of a row lie in one row of a matrix, wide enough for the longest. Where lengths vary, its parts are then moved
together, each written over what was too much of the one before: several times as fast as a mask.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from .values import Array, Values, windows

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_FIXED = {
    "bool": ("u1", 1), "int2": (">i2", 2), "int4": (">i4", 4), "int8": (">i8", 8), "float4": (">f4", 4),
    "float8": (">f8", 8), "date": (">i4", 4), "time": (">i8", 8), "timestamp": (">i8", 8),
}  # fmt: skip
_NULL = np.frombuffer(b"\xff\xff\xff\xff", "u1")


def rows(columns: Sequence[Values], count: int) -> bytes:
    """`count` tuples of these columns."""
    fields = [_ready(values) for values in columns]
    width = 2 + sum(4 + field.width for field in fields)
    matrix = _scratch("matrix", count * width).reshape(count, width)
    _strided(matrix, 0, ">i2")[:] = len(columns)
    at, begin = 2, 0
    parts: list[tuple[Array, Array]] = []
    for field in fields:
        body = slice(at + 4, at + 4 + field.width)
        lengths = _strided(matrix, at, ">i4")
        if field.lengths is None:
            lengths[:] = field.width
        else:
            lengths[:] = field.lengths
        if field.fixed is not None:
            _strided(matrix, at + 4, field.fixed)[:] = field.body
        else:
            matrix[:, body] = field.body
        at += 4 + field.width
        if field.lengths is not None:
            missing = field.width - np.maximum(field.lengths, 0)
            parts.append((matrix[:, begin:at], at - begin - missing))
            begin = at
    if not parts:
        return matrix.tobytes()
    if begin < width:
        parts.append((matrix[:, begin:], np.full(count, width - begin)))
    return _together(parts, count, width)


def _together(parts: Sequence[tuple[Array, Array]], count: int, width: int) -> bytes:
    """Rows of padded parts, each with the bytes that count in it, without the padding."""
    matrix, lengths = parts[0]
    if len(parts) > 1:
        flat, base = _scratch("flat", count * width), np.arange(count, dtype="i8") * width
        lengths = np.zeros(count, "i8")
        for part, own in parts:
            # what is too much of a part ends within its row, and is written over by the next part
            _windows_of(flat, part.shape[1])[base + lengths] = part
            lengths = lengths + own
        matrix = flat.reshape(count, width)
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if count else 0
    out = _scratch("out", total + matrix.shape[1])
    # row after row: the next one is written over what is too much of the one before
    _windows_of(out, matrix.shape[1])[ends - lengths] = matrix
    return out[:total].tobytes()


class _Kept(threading.local):
    """Each thread's memory, used again for each block: fresh memory costs as much as what is done in it."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}


_KEPT = _Kept()


def _scratch(name: str, size: int) -> Array:
    """Bytes that hold anything."""
    found = _KEPT.arrays.get(name)
    if found is None or len(found) < size:
        found = _KEPT.arrays[name] = np.empty(size + size // 4, "u1")
    return found[:size]


def _windows_of(flat: Array, width: int) -> Array:
    return np.lib.stride_tricks.sliding_window_view(flat, width, writeable=True)


class _Field:
    __slots__ = ("body", "fixed", "lengths", "width")

    def __init__(self, body: Array, width: int, *, fixed: str | None = None, lengths: Array | None = None) -> None:
        self.body, self.width, self.fixed, self.lengths = body, width, fixed, lengths


def _strided(matrix: Array, offset: int, kind: str) -> Array:
    return np.ndarray((len(matrix),), kind, buffer=matrix.data, offset=offset, strides=(matrix.strides[0],))


def _ready(values: Values) -> _Field:
    if values.form in _FIXED:
        kind, width = _FIXED[values.form]
        field = _Field(values.data, width, fixed=kind)
    elif values.form == "uuid":
        field = _Field(values.data, 16)
    elif values.form == "text":
        assert values.lengths is not None
        longest = int(values.lengths.max(initial=0))
        field = _Field(values.data[:, :longest], longest, lengths=values.lengths.astype("i4"))
    elif values.form == "numeric":
        field = _numeric(values.data, values.scale)
    else:
        field = _pooled(values)
    if values.nulls is not None and values.nulls.any():
        lengths = np.full(len(values), field.width, "i4") if field.lengths is None else field.lengths
        # a length of -1 is NULL, and no byte of the body belongs to it
        field.lengths = np.where(values.nulls, np.int32(-1), lengths)
    return field


def _pooled(values: Values) -> _Field:
    pool = values.pool
    assert pool is not None
    lengths = pool.lengths[values.data]
    width = int(lengths.max(initial=0))
    if not width:
        return _Field(np.zeros((len(values), 0), "u1"), 0, lengths=lengths)
    body = windows(pool.flat, pool.starts[values.data], width)
    return _Field(body, width, lengths=None if (lengths == width).all() else lengths)


def _numeric(data: Array, scale: int) -> _Field:
    """numeric's own form: digits of base 10000, the weight of the first, sign, displayed scale.

    All rows get the same number of digits; the server strips leading and trailing zeros.
    """
    after = -(-scale // 4)
    shifted = np.abs(data)
    largest = int(shifted.max(initial=0))
    # the first group after the point is filled up to four digits
    lift = 10 ** (after * 4 - scale)
    if largest > (2**63 - 1) // max(1, lift):
        return _wide_numeric(data, scale)
    shifted = shifted * lift
    groups = 1
    while 10000**groups <= int(shifted.max(initial=0)) or groups <= after:
        groups += 1
    body = np.zeros((len(data), 4 + groups), ">i2")
    body[:, 0] = groups
    body[:, 1] = groups - after - 1
    body[:, 2] = np.where(data < 0, 0x4000, 0)
    body[:, 3] = max(0, scale)
    for at in range(groups - 1, -1, -1):
        shifted, body[:, 4 + at] = np.divmod(shifted, 10000)
    return _Field(body.view("u1").reshape(len(data), -1), body.shape[1] * 2)


def _wide_numeric(data: Array, scale: int) -> _Field:
    """The same with Python's numbers, for those that do not fit into 64 bits when lifted."""
    after = -(-scale // 4)
    lifted = [abs(int(entry)) * 10 ** (after * 4 - scale) for entry in data]
    groups = max(after + 1, *(len(str(entry)) // 4 + 1 for entry in lifted))
    body = np.zeros((len(data), 4 + groups), ">i2")
    body[:, 0], body[:, 1] = groups, groups - after - 1
    body[:, 2], body[:, 3] = np.where(data < 0, 0x4000, 0), max(0, scale)
    for row, entry in enumerate(lifted):
        for at in range(groups - 1, -1, -1):
            entry, body[row, 4 + at] = divmod(entry, 10000)
    return _Field(body.view("u1").reshape(len(data), -1), body.shape[1] * 2)
