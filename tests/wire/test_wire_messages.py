from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_prodparity.wire import postgres
from pytest_prodparity.wire.session import Session
from pytest_prodparity.wire.trip import Trip


def _cut(data: bytes, sizes: list[int]) -> list[bytes]:
    parts, at = [], 0
    for size in sizes:
        parts.append(data[at : at + size])
        at += size
    return [part for part in [*parts, data[at:]] if part]


_ROW = postgres.message(b"D", b"\0\1\0\0\0\3abc")
_REPLY = (
    postgres.message(b"T", b"\0\1id\0" + b"\0" * 18) + _ROW * 3 + postgres.message(b"C", b"SELECT 3\0")
    + postgres.message(b"Z", b"T")
)  # fmt: skip


@given(st.lists(st.integers(1, 40)))
def test_a_reply_cut_anywhere_is_the_same_trip(sizes: list[int]) -> None:
    session = Session(1, database="d", user="u", parameters={}, backend=7)
    for part in _cut(postgres.query(b"SELECT id FROM t"), sizes):
        session.client(part, len(part), 1.0)
    done: list[Trip] = []
    for part in _cut(_REPLY, sizes):
        done += session.server(part, len(part), 2.0)
    (trip,) = done
    (statement,) = trip.statements
    assert (statement.sql, statement.tag, statement.rows) == ("SELECT id FROM t", "SELECT 3", 3)
    assert (trip.before, trip.after, trip.started, trip.ended) == ("I", "T", 1.0, 2.0)
    assert (trip.bytes_out, trip.bytes_in) == (len(postgres.query(b"SELECT id FROM t")), len(_REPLY))
    assert session.state == "T"
    assert not session.idle


def test_a_message_is_kept_up_to_its_cap_however_it_comes() -> None:
    body = bytes(range(256)) * 8_000
    frames = postgres.from_client()
    whole = frames.feed(postgres.message(b"Q", body), len(body) + 5)
    frames = postgres.from_client()
    pieces = []
    for part in _cut(postgres.message(b"Q", body), [3, 1, 1, 500_000, 700_000]):
        pieces += frames.feed(part, len(part))
    assert whole == pieces == [(ord("Q"), body[: postgres.KEPT], len(body) + 5, 1, len(body))]


def test_rows_are_counted_and_not_kept() -> None:
    frames = postgres.from_server()
    found = frames.feed(_ROW * 1_000 + _ROW[:-1], len(_ROW) * 1_001 - 1)
    assert found == [(ord("D"), b"", len(_ROW) * 1_000, 1_000, 0)]
    assert frames.feed(_ROW[-1:], 1) == [(ord("D"), b"", len(_ROW) * 1_001, 1, len(_ROW) - 5)]


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1", b"Q\0\0\0\3", b"Q\xff\xff\xff\xff", b"\0\0\0\0\0\0"])
def test_what_is_no_message_is_garbled(data: bytes) -> None:
    with pytest.raises(postgres.GarbledError):
        postgres.from_client().feed(data, len(data))


def test_bound_values_are_read_in_every_form() -> None:
    values = struct.pack(">H", 3) + b"\0\0\0\x01a" + b"\xff\xff\xff\xff" + b"\0\0\0\0"
    formats = {b"\0\0": [False] * 3, b"\0\1\0\1": [True] * 3, b"\0\3\0\1\0\0\0\1": [True, False, True]}
    for header, binary in formats.items():
        portal, name, found = postgres.bind(b"p\0n\0" + header + values + b"\0\0", (23, 25))
        assert (portal, name) == (b"p", b"n")
        assert [one.value for one in found] == [b"a", None, b""]
        assert [one.binary for one in found] == binary
        assert [one.oid for one in found] == [23, 25, 0]


@given(st.binary(max_size=200))
def test_reading_any_bytes_as_a_message_raises_nothing_unforeseen(data: bytes) -> None:
    """A body that was cut, or written by a faulty client."""
    session = Session(1, database="d", user="u", parameters={}, backend=7)
    for kind in b"QPBDECSF":
        message = postgres.message(bytes([kind]), data)
        session.client(message, len(message), 1.0)
    for kind in b"SEC1ZG":
        message = postgres.message(bytes([kind]), data)
        session.server(message, len(message), 1.0)
    session.broken(1.0)


def test_in_copy_in_mode_a_sync_is_thrown_away() -> None:
    """libpq sends one with Execute, which the server ignores, and another one after the data."""
    session = Session(1, database="d", user="u", parameters={}, backend=7)
    out = (
        postgres.message(b"P", b"\0COPY t FROM STDIN\0\0\0") + postgres.message(b"B", b"\0\0\0\0\0\0\0\0")
        + postgres.message(b"E", b"\0\0\0\0\0") + postgres.message(b"S")
    )  # fmt: skip
    session.client(out, len(out), 1.0)
    begins = postgres.message(b"1") + postgres.message(b"2") + postgres.message(b"G", b"\0\0\1\0\0")
    assert session.server(begins, len(begins), 1.0) == []
    data = postgres.message(b"d", b"1\n") + postgres.message(b"c") + postgres.message(b"S")
    session.client(data, len(data), 1.0)
    ends = postgres.message(b"C", b"COPY 1\0") + postgres.message(b"Z", b"I")
    (trip,) = session.server(ends, len(ends), 1.0)
    assert [(one.sql, one.tag) for one in trip.statements] == [("COPY t FROM STDIN", "COPY 1")]
    assert trip.bytes_out == len(out) + len(data)
    assert session.idle


@given(
    st.lists(st.text(st.characters(exclude_characters="\0\n", exclude_categories=["Cs"]), max_size=300), min_size=1),
    st.lists(st.integers(1, 9_000), max_size=20),
    st.booleans(),
)
def test_rows_of_a_copy_in_text_may_be_skipped_and_nothing_else(
    lines: list[str], sizes: list[int], fails: bool
) -> None:
    rows = [postgres.message(b"d", line.encode() + b"\n") for line in lines * 20]
    ends = postgres.message(b"c") + postgres.message(b"C", b"COPY %d\0" % len(rows))
    if fails:
        ends = postgres.message(b"E", b"C57014\0Mcancelled\0\0")
    reply = postgres.message(b"H", b"\0\0\1\0\0") + b"".join(rows) + ends + postgres.message(b"Z", b"I")
    session = Session(1, database="d", user="u", parameters={}, backend=7)
    sent = postgres.query(b"COPY t TO STDOUT")
    session.client(sent, len(sent), 1.0)
    done: list[Trip] = []
    for part in _cut(reply, [8, *sizes]):
        done += session.server(part, len(part), 1.0)
    assert not session.opaque
    (trip,) = done
    (statement,) = trip.statements
    assert trip.bytes_in == len(reply)
    assert (statement.tag, statement.sqlstate) == ((None, "57014") if fails else (f"COPY {len(rows)}", None))
    assert fails or statement.rows == len(rows)
