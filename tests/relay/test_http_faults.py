"""Each fault of HTTP: what the service has done, what the client gets, and that nothing is left."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import pytest
import requests

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.faults.kinds.black_hole import BlackHole
from pytest_prodparity.faults.kinds.cut_body import CutBody
from pytest_prodparity.faults.kinds.dribble import Dribble
from pytest_prodparity.faults.kinds.empty_reply import EmptyReply
from pytest_prodparity.faults.kinds.expired_certificate import ExpiredCertificate
from pytest_prodparity.faults.kinds.html import Html
from pytest_prodparity.faults.kinds.kind import Kind
from pytest_prodparity.faults.kinds.malformed_chunk import MalformedChunk
from pytest_prodparity.faults.kinds.refuse import Refuse
from pytest_prodparity.faults.kinds.reply_lost import ReplyLost
from pytest_prodparity.faults.kinds.reset_peer import ResetPeer
from pytest_prodparity.faults.kinds.slow_headers import SlowHeaders
from pytest_prodparity.faults.kinds.sql_state import SqlState
from pytest_prodparity.faults.kinds.status import Status
from pytest_prodparity.relay.relay import Relay
from pytest_prodparity.relay.relays import Relays
from pytest_prodparity.relay.trip import HttpTrip
from pytest_prodparity.wire.gate import Asking, Opening
from tests.relay.serving import ROWS, Once, Shop

Until = Callable[[Callable[[], object]], None]


def last(relay: Relay) -> HttpTrip:
    assert relay.settle(time.monotonic() + 10)
    trip = relay.trips[-1]
    assert isinstance(trip, HttpTrip)
    return trip


@pytest.mark.parametrize(
    ("kind", "applied"),
    [(ResetPeer(), False), (EmptyReply(), False), (ReplyLost(), True), (MalformedChunk(), True), (CutBody(), True)],
)
def test_a_post_fails_and_the_trip_says_whether_it_was_applied(
    relays: Relays, service: Shop, kind: Kind, applied: bool
) -> None:
    relay = relays.open(service.url)
    relays.gate = Once(kind)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        requests.post(relay.url + "/charge", data=b"10", timeout=10)
    assert len(service.charges) == applied
    assert (last(relay).struck, last(relay).applied, last(relay).status) == (True, applied, 200 if applied else 0)
    relays.gate = None
    with requests.post(relay.url + "/charge", data=b"10", timeout=10) as answer:
        assert answer.content == ROWS
    assert not last(relay).struck


@pytest.mark.parametrize("path", ["/data", "/chunked", "/close", "/empty"])
@pytest.mark.parametrize(
    "kind", [CutBody(), CutBody(framing="length"), CutBody(framing="chunked"), CutBody(gzip=True), MalformedChunk()]
)
def test_a_body_whose_length_is_said_and_that_is_cut_is_an_error(
    relays: Relays, service: Shop, kind: Kind, path: str
) -> None:
    relays.gate = Once(kind)
    url = relays.open(service.url).url + path
    if path == "/close" and kind == CutBody():
        assert requests.get(url, timeout=10).ok
        return
    if path == "/empty" and kind == MalformedChunk():
        return  # what follows a 204 is nothing to some clients
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(url)


def test_a_body_without_length_is_cut_and_nobody_notices(relays: Relays, service: Shop) -> None:
    relays.gate = Once(CutBody(framing="close"))
    with requests.get(relays.open(service.url).url, timeout=10) as answer:
        assert answer.content == ROWS[: len(ROWS) // 2]


def test_a_body_in_gzip_is_cut_where_the_client_decompresses(relays: Relays, service: Shop) -> None:
    relays.gate = Once(CutBody(gzip=True, framing="close"))
    relay = relays.open(service.url)
    with requests.get(relay.url, timeout=10, stream=True) as answer:
        raw = answer.raw.read(decode_content=False)
    whole = gzip.compress(ROWS)
    assert len(raw) == len(whole) // 2
    assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("kind", [Status(503, retry_after=1.5), Status(429), Status(500), Html()])
def test_an_answer_in_the_services_place_leaves_the_connection_usable(
    relays: Relays, service: Shop, kind: Kind
) -> None:
    relay = relays.open(service.url)
    relays.gate = Once(kind, nth=1)
    with httpx.Client() as client:
        answer = client.post(relay.url, content=b"x" * 100_000)
        if isinstance(kind, Status):
            assert answer.status_code == kind.code
            assert answer.headers.get("Retry-After") == ("2" if kind.retry_after else None)
            assert "error" in answer.json()
        else:
            assert answer.status_code == 200
            assert answer.headers["Content-Type"].startswith("text/html")
        assert service.charges == []
        assert not last(relay).applied
        relays.lift()
        assert client.post(relay.url, content=b"again").content == ROWS
    assert service.charges == [b"again"]
    assert [trip.connection for trip in relay.trips] == [1, 1]


def test_a_status_after_the_deed(relays: Relays, service: Shop) -> None:
    relay = relays.open(service.url)
    relays.gate = Once(Status(502, applied=True))
    assert requests.post(relay.url, data=b"x", timeout=10).status_code == 502
    assert service.charges == [b"x"]
    assert (last(relay).applied, last(relay).status) == (True, 200)
    assert Status(502, applied=True).name == "502-applied"


def test_a_client_that_awaits_100_continue_is_answered_and_hung_up_on(relays: Relays, service: Shop) -> None:
    relay = relays.open(service.url)
    relays.gate = Once(Status(503))
    with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as client, client.makefile("rb") as said:
        client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert said.read().startswith(b"HTTP/1.1 503 Service Unavailable\r\n")


@pytest.mark.parametrize("kind", [Dribble(seconds=0.6), SlowHeaders(seconds=0.6)])
def test_drops_come_within_a_clients_timeout_for_single_reads(relays: Relays, service: Shop, kind: Kind) -> None:
    relays.gate = Once(kind)
    relay = relays.open(service.url)
    began = time.monotonic()
    with requests.get(relay.url, timeout=0.3) as answer:
        assert answer.content == ROWS
    assert time.monotonic() - began > 0.5

    async def with_a_deadline() -> None:
        async with aiohttp.ClientSession() as client, asyncio.timeout(0.2), client.get(relay.url) as answer:
            await answer.read()

    with pytest.raises(TimeoutError):
        asyncio.run(with_a_deadline())


def test_a_black_hole_lasts_as_long_as_the_clients_patience(relays: Relays, service: Shop) -> None:
    relay = relays.open(service.url)
    relays.gate = Once(BlackHole())
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(relay.url, content=b"x", timeout=0.2)
    assert not last(relay).applied
    assert service.charges == []


def test_the_lift_ends_what_waits_and_frees_everything(relays: Relays, service: Shop, until: Until) -> None:
    relay = relays.open(service.url)
    gate = relays.gate = Once(BlackHole())
    caught: list[Exception] = []

    def wait() -> None:
        try:
            requests.get(relay.url)  # no timeout: it is the point
        except requests.ConnectionError as error:
            caught.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: any(isinstance(asked, Asking) for asked in gate.asked))
    relays.gate = None
    while thread.is_alive():
        relay.lift()
        thread.join(0.01)
    assert len(caught) == 1
    assert [one.name for one in threading.enumerate() if one.name.startswith(f"prodparity proxy {relay.port}/")] == []


def test_a_pool_recovers_once_a_service_that_refuses_is_back(relays: Relays, service: Shop) -> None:
    relay = relays.open(service.url)
    with httpx.Client() as client:
        assert client.get(relay.url).content == ROWS
        relays.refuse()
        with pytest.raises(httpx.ConnectError, match="refused"):
            httpx.get(relay.url)
        relays.lift()
        assert client.get(relay.url).content == ROWS
        assert httpx.get(relay.url).content == ROWS


def test_who_connects_is_reset(relays: Relays, service: Shop) -> None:
    relay = relays.open(service.url)
    gate = relays.gate = Once(Refuse())
    with pytest.raises((httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)):
        httpx.get(relay.url)
    assert isinstance(gate.asked[0], Opening)
    assert (gate.asked[0].protocol, gate.asked[0].actor) == ("http", "MainThread")


def test_a_certificate_expires_for_who_connects_and_for_a_proxy_made_so(relays: Relays, service: Shop) -> None:
    secure = relays.open(service.url, tls="trusted")
    relays.gate = Once(ExpiredCertificate())
    with pytest.raises(requests.exceptions.SSLError, match="certificate has expired"):
        requests.get(secure.url, verify=str(secure.ca), timeout=10)
    relays.gate = None
    assert requests.get(secure.url, verify=str(secure.ca), timeout=10).content == ROWS
    expired = relays.open(service.url, tls="expired")
    with pytest.raises(requests.exceptions.SSLError, match="certificate has expired"):
        requests.get(expired.url, verify=str(expired.ca), timeout=10)


@pytest.mark.parametrize("kind", [ResetPeer(), EmptyReply(), CutBody(), Status(503), BlackHole()])
def test_faults_happen_under_tls_too(relays: Relays, service: Shop, kind: Kind) -> None:
    secure = relays.open(service.url, tls="trusted")
    relays.gate = Once(kind, nth=1)
    with requests.Session() as client:
        try:
            answer = client.post(secure.url, data=b"x", timeout=0.3, verify=str(secure.ca))
        except (requests.RequestException, OSError):
            assert not isinstance(kind, Status)
        else:
            assert answer.status_code == 503
        assert client.get(secure.url, timeout=10, verify=str(secure.ca)).content == ROWS


def test_what_a_client_pipelines_before_a_fault_is_answered_first(relays: Relays, service: Shop) -> None:
    relay = relays.open(service.url)
    relays.gate = Once(Status(503), nth=2)
    with socket.create_connection(("127.0.0.1", relay.port), timeout=10) as client, client.makefile("rb") as said:
        client.sendall(b"GET /empty HTTP/1.1\r\n\r\n" * 2 + b"GET /empty HTTP/1.1\r\nConnection: close\r\n\r\n")
        text = said.read()
    assert re.findall(rb"HTTP/1\.1 (\d+)", text) == [b"204", b"503", b"204"]


def test_the_asking_names_request_and_line(relays: Relays, service: Shop) -> None:
    gate = relays.gate = Once(EmptyReply(), nth=99)
    requests.post(relays.open(service.url).url + "/charge?key=secret", data=b"x", timeout=10)
    asked = gate.asked[-1]
    assert isinstance(asked, Asking)
    assert (asked.protocol, asked.statements, asked.state, asked.number) == ("http", ("POST /charge",), "", 1)
    assert asked.source is not None
    assert asked.source.function == "test_the_asking_names_request_and_line"


def test_a_gate_of_proxies_holds_for_those_opened_later(relays: Relays, service: Shop) -> None:
    relays.gate = Once(Status(503))
    assert requests.get(relays.open(service.url).url, timeout=10).status_code == 503


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Status(99), "Status(99): a final status is 200 to 599.\nTo fix: for instance Status(503)"),
        (lambda: Status(503, retry_after=-1), "Status(503, retry_after=-1): it is in seconds, 0 or more."),
        (lambda: Dribble(seconds=0), "Dribble(seconds=0) must be above 0."),
        (lambda: SlowHeaders(seconds=-1), "SlowHeaders(seconds=-1) must be above 0."),
        (
            lambda: CutBody(framing="chunk"),  # type: ignore[arg-type]
            "CutBody(framing='chunk') is none of 'length', 'chunked', 'close' (did you",
        ),
    ],
)
def test_a_kind_that_cannot_be_is_refused(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()
    assert str(caught.value).startswith(said)


def test_kinds_say_where_they_do_not_fit() -> None:
    of = {"connection": 1, "source": None, "stack": (), "actor": "", "at": 0.0}
    query = Asking(number=1, statements=("SELECT 1",), state="I", **of)  # type: ignore[arg-type]
    request = Asking(protocol="http", number=1, statements=("HEAD /",), state="", **of)  # type: ignore[arg-type]
    opening = Opening(protocol="http", **of)  # type: ignore[arg-type]
    assert EmptyReply().fits(query) == "it is a fault of HTTP, and this is postgres"
    assert EmptyReply().fits(opening) == "it breaks a request, and here a client only connects"
    assert CutBody().fits(request) == "the answer to a HEAD has no body"
    assert ExpiredCertificate().fits(opening) == "it is a fault of HTTP under TLS, and this is http"
    assert SqlState("40001").fits(request) == "http has no SQLSTATE"
