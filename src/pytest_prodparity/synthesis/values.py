"""One column of a block of rows, as numpy holds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

CHUNK = 8192
"""Rows of one block. What is generated depends on it."""

Form = Literal[
    "bool", "int2", "int4", "int8", "float4", "float8", "date", "time", "timestamp", "numeric", "uuid", "text", "pool"
]
"""How `Values.data` is to be read.

`date`: int32 days since 2000-01-01. `time`, `timestamp` (with and without zone): int64 microseconds, since midnight or
since 2000-01-01 UTC. `numeric`: int64, the value times 10 ** scale. `uuid`: uint8, sixteen a row. `text`: uint8, a row
of UTF-8 bytes padded with anything, of which `lengths` count. `pool`: int64 positions in `pool`.
"""

DTYPES: dict[str, str] = {
    "bool": "?", "int2": "i2", "int4": "i4", "int8": "i8", "float4": "f4", "float8": "f8", "date": "i4", "time": "i8",
    "timestamp": "i8", "numeric": "i8", "uuid": "u1", "text": "u1", "pool": "i8",
}  # fmt: skip


class Pool:
    """Distinct values in PostgreSQL's binary form; `literals` are their text forms, where they are known."""

    def __init__(
        self, binary: Sequence[bytes] | Array, literals: Sequence[str] | None = None, *, lengths: Array | None = None
    ) -> None:
        """`lengths`: where `binary` is all entries' bytes in one array."""
        if lengths is None:
            lengths = np.array([len(entry) for entry in binary], dtype="i4")
            binary = np.frombuffer(b"".join(binary), dtype="u1")
        self.literals = None if literals is None else list(literals)
        self.lengths = lengths.astype("i4")
        self.width = int(lengths.max(initial=0))
        # a window of the greatest width fits at each start
        self.flat: Array = np.concatenate([np.asarray(binary), np.zeros(self.width, "u1")])
        self.starts: Array = np.cumsum(lengths, dtype="i8") - lengths

    @classmethod
    def of(cls, texts: Values) -> Pool:
        """A pool of the texts of a column, without their literals."""
        assert texts.lengths is not None
        inside = np.arange(texts.data.shape[1], dtype="i4") < texts.lengths[:, None]
        return cls(texts.data[inside], lengths=texts.lengths)

    def rows(self, places: Array) -> Array:
        """The entries at these places as a matrix of bytes; what is too much of a row is anything."""
        width = max(1, int(self.lengths[places].max(initial=0)))
        return windows(self.flat, self.starts[places], width)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, at: int) -> bytes:
        start = int(self.starts[at])
        return self.flat[start : start + int(self.lengths[at])].tobytes()


@dataclass(kw_only=True, slots=True)
class Values:
    """A column of `len(data)` rows. Constraints are repaired in place: `data`, `nulls`, `lengths` may be replaced."""

    form: Form
    data: Array
    nulls: Array | None = None
    """True where the value is NULL; None where none is."""
    lengths: Array | None = None
    """Bytes of each text."""
    scale: int = 0
    """Digits after the point of a numeric."""
    pool: Pool | None = None

    def __len__(self) -> int:
        return len(self.data)

    def take(self, rows: Array) -> Values:
        """The values of these rows (positions or a mask)."""
        return Values(
            form=self.form,
            data=self.data[rows],
            nulls=None if self.nulls is None else self.nulls[rows],
            lengths=None if self.lengths is None else self.lengths[rows],
            scale=self.scale,
            pool=self.pool,
        )

    def put(self, rows: Array, other: Values) -> None:
        """Replace these rows by `other`'s, which is of the same form, scale and pool."""
        if self.form == "text" and other.data.shape[1] > self.data.shape[1]:
            wider = np.zeros((len(self.data), other.data.shape[1]), "u1")
            wider[:, : self.data.shape[1]] = self.data
            self.data = wider
        if self.form == "text":
            self.data[rows, : other.data.shape[1]] = other.data
        else:
            self.data[rows] = other.data
        if self.lengths is not None and other.lengths is not None:
            self.lengths[rows] = other.lengths
        if self.nulls is not None or other.nulls is not None:
            nulls = np.zeros(len(self), "?") if self.nulls is None else self.nulls
            nulls[rows] = False if other.nulls is None else other.nulls
            self.nulls = nulls


def windows(flat: Array, starts: Array, width: int) -> Array:
    """`width` bytes from each start: whole windows are copied, not bytes one by one."""
    if len(flat) < width:
        flat = np.concatenate([flat, np.zeros(width, "u1")])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(flat, width)[starts])


def text_values(texts: Sequence[str], nulls: Array | None = None) -> Values:
    """Texts, one a row."""
    encoded = [text.encode() for text in texts]
    width = max(map(len, encoded), default=0)
    data = np.zeros((len(encoded), max(1, width)), "u1")
    for at, entry in enumerate(encoded):
        data[at, : len(entry)] = np.frombuffer(entry, "u1")
    return Values(form="text", data=data, lengths=np.array([len(entry) for entry in encoded], "i4"), nulls=nulls)


def texts_of(values: Values) -> list[str | None]:
    """The texts of a `text` column, one a row: slow, for tests and for few rows."""
    assert values.form == "text"
    assert values.lengths is not None
    rows = [bytes(row[:length]).decode() for row, length in zip(values.data, values.lengths, strict=True)]
    return [None if values.nulls is not None and values.nulls[at] else text for at, text in enumerate(rows)]


def fitted(values: Values, form: Form) -> Values:
    """In the column's own form: a key's values may come from a column of a wider type."""
    whole = ("int2", "int4", "int8")
    if values.form == form or form not in (*whole, "numeric") or values.form not in (*whole, "numeric"):
        return values
    if form == "numeric":
        return Values(form=form, data=values.data.astype("i8"), nulls=values.nulls)
    data = values.data // 10**values.scale
    return Values(form=form, data=data.astype(DTYPES[form]), nulls=values.nulls)
