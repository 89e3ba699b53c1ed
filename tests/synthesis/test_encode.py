"""COPY's binary format, against an encoder that goes field by field."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from pytest_prodparity.synthesis import encode
from pytest_prodparity.synthesis.values import Pool, Values


def simple(columns: list[Values], count: int) -> bytes:
    out = b""
    for row in range(count):
        out += struct.pack(">h", len(columns))
        for values in columns:
            if values.nulls is not None and values.nulls[row]:
                out += struct.pack(">i", -1)
                continue
            if values.form == "text":
                assert values.lengths is not None
                body = values.data[row, : values.lengths[row]].tobytes()
            elif values.form == "pool":
                assert values.pool is not None
                body = values.pool[int(values.data[row])]
            else:
                body = struct.pack({"int8": ">q", "int4": ">i", "float8": ">d"}[values.form], values.data[row])
            out += struct.pack(">i", len(body)) + body
    return out


@pytest.mark.parametrize("ragged", range(5))
@pytest.mark.parametrize("count", [1, 2, 300])
def test_rows_are_the_same_whatever_their_lengths(ragged: int, count: int) -> None:
    chance = np.random.default_rng(ragged * 7 + count)
    for _ in range(4):
        columns = [
            Values(form="int8", data=chance.integers(-(10**9), 10**9, count)),
            Values(form="int4", data=chance.integers(0, 10**6, count).astype("i4"), nulls=chance.random(count) < 0.3),
            Values(form="float8", data=chance.random(count)),
        ]
        for at in range(ragged):
            text = Values(
                form="text", data=chance.integers(97, 122, (count, 20)).astype("u1"),
                lengths=chance.integers(0, 21, count).astype("i4"), nulls=chance.random(count) < 0.2 if at % 2 else None,
            )  # fmt: skip
            columns.insert(int(chance.integers(0, len(columns) + 1)), text)
        pool = Pool([b"", b"one", b"three"])
        columns.append(Values(form="pool", data=chance.integers(0, 3, count), pool=pool))
        assert encode.rows(columns, count) == simple(columns, count)
