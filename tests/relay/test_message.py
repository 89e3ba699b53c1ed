"""HTTP's borders are found however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_prodparity.relay.message import (
    GarbledError,
    Reading,
    answer_of,
    body_of_answer,
    body_of_request,
    head,
    rewritten,
)

REQUESTS = (
    b"GET /a?secret=1 HTTP/1.1\r\nHost: x\r\n\r\n"
    b"POST /charge HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345"
    b"\r\nPOST /chunks HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3;ext=1\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nT: v\r\n\r\n"
    b"PUT http://host/absolute HTTP/1.0\ncontent-length: 0\n\n"
)


def requests(pieces: list[bytes]) -> tuple[list[str], bytes]:
    reading, found, passed = Reading(), [], b""
    for piece in pieces:
        reading.feed(piece)
        while True:
            if reading.body is None:
                raw = reading.head()
                if raw is None:
                    break
                parsed = head(raw, answer=False)
                found.append(f"{parsed.first} {parsed.path}")
                reading.body = body_of_request(parsed)
                passed += raw
            passed += reading.take()
            if not reading.body.done:
                break
            reading.body = None
    assert reading.held == b""
    return found, passed


@given(st.lists(st.integers(0, len(REQUESTS)), max_size=12))
def test_requests_are_cut_alike_however_they_come(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(REQUESTS)]
    pieces = [REQUESTS[a:b] for a, b in pairwise(places)]
    found, passed = requests(pieces)
    assert found == ["GET /a", "POST /charge", "POST /chunks", "PUT /absolute"]
    assert passed == REQUESTS


@given(st.binary(max_size=300))
def test_anything_else_is_refused_or_awaited(data: bytes) -> None:
    reading = Reading()
    reading.feed(data)
    try:
        raw = reading.head()
        if raw is not None:
            head(raw, answer=True)
    except GarbledError:
        pass


@pytest.mark.parametrize(
    ("method", "start", "length"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 0),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 0),
        ("GET", b"HTTP/1.1 204\r\n\r\n", 0),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 9),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\n", None),
    ],
)
def test_an_answer_ends_as_its_request_and_status_say(method: str, start: bytes, length: int | None) -> None:
    body = body_of_answer(head(start, answer=True), method)
    assert body.take(b"x" * 20) == (20 if length is None else length)
    assert body.done == (length is not None)


def test_an_answer_in_chunks_is_put_together_and_framed_anew() -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    answer = answer_of(raw, "GET")
    assert answer.body == b"abcde"
    assert rewritten(answer.head, {"Content-Length": "5"}) == b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\n"
