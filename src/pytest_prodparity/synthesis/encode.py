"""Columns of a block -> the bytes of COPY's binary format.

All fields of a row lie in one row of a matrix, wide enough for the longest; a mask then takes what belongs to each row.
"""

from __future__ import annotations

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
    matrix = np.zeros((count, width), "u1")
    _strided(matrix, 0, ">i2")[:] = len(columns)
    ragged = any(field.lengths is not None for field in fields)
    mask = np.ones((count, width), "?") if ragged else None
    at = 2
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
        if field.lengths is not None and mask is not None:
            mask[:, body] = np.arange(field.width, dtype="i4") < field.lengths[:, None]
        at += 4 + field.width
    return matrix.tobytes() if mask is None else matrix[mask].tobytes()


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
    body[:, 3] = scale
    for at in range(groups - 1, -1, -1):
        shifted, body[:, 4 + at] = np.divmod(shifted, 10000)
    return _Field(body.view("u1").reshape(len(data), -1), body.shape[1] * 2)


def _wide_numeric(data: Array, scale: int) -> _Field:
    """The same with Python's numbers, for those that do not fit into 64 bits when lifted."""
    after = -(-scale // 4)
    lifted = [abs(int(entry)) * 10 ** (after * 4 - scale) for entry in data]
    groups = max(after + 1, *(len(str(entry)) // 4 + 1 for entry in lifted))
    body = np.zeros((len(data), 4 + groups), ">i2")
    body[:, 0], body[:, 1], body[:, 2], body[:, 3] = groups, groups - after - 1, np.where(data < 0, 0x4000, 0), scale
    for row, entry in enumerate(lifted):
        for at in range(groups - 1, -1, -1):
            entry, body[row, 4 + at] = divmod(entry, 10000)
    return _Field(body.view("u1").reshape(len(data), -1), body.shape[1] * 2)
