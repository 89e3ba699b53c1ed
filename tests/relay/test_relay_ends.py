"""Nothing is left, whatever happened."""

from __future__ import annotations

import contextlib
import copy
import gc
import os
import pickle
import random
import sys
import threading
from pathlib import Path

import httpx
import pytest

from pytest_prodparity import (
    BlackHole,
    CutBody,
    Dribble,
    EmptyReply,
    ExpiredCertificate,
    HalfOpen,
    Html,
    MalformedChunk,
    ProdparityError,
    Refuse,
    ReplyLost,
    ResetPeer,
    Slicer,
    Slow,
    SlowHeaders,
    Status,
)
from pytest_prodparity.faults.kinds.kind import Kind
from pytest_prodparity.relay.relays import Relays
from pytest_prodparity.relay.url import ProxyUrl
from pytest_prodparity.wire.gate import Asking, Opening, Strike
from tests.relay.serving import ROWS, Shop

KINDS: list[Kind] = [
    BlackHole(), CutBody(), CutBody(gzip=True), Dribble(seconds=0.2), EmptyReply(), ExpiredCertificate(), HalfOpen(), Html(),
    MalformedChunk(), Refuse(), ReplyLost(), ResetPeer(), Slicer(size=50), Slow(seconds=0.05), SlowHeaders(seconds=0.2),
    Status(503), Status(500, applied=True),
]  # fmt: skip


class Sometimes:
    """A kind now and then."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        self._lock = threading.Lock()

    def opening(self, opening: Opening) -> Strike | None:
        return self._choose(opening)

    def asking(self, asking: Asking) -> Strike | None:
        return self._choose(asking)

    def _choose(self, asking: Asking | Opening) -> Strike | None:
        with self._lock:
            kind = self._random.choice(KINDS) if self._random.random() < 0.4 else None
        return kind.strike if kind is not None and kind.fits(asking) is None else None


def descriptors() -> int:
    gc.collect()
    return len(list(Path("/dev/fd").iterdir()))


def test_many_clients_many_faults_and_lifts_leave_nothing(relays: Relays, service: Shop) -> None:
    before = descriptors()
    urls = [relays.open(service.url).url, relays.open(service.url, tls="trusted").url]
    opened = list(relays.open_ones)
    relays.gate = Sometimes()
    answered: list[int] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(40):
            url = chance.choice(urls) + chance.choice(["/", "/chunked", "/close", "/empty"])
            with contextlib.suppress(httpx.HTTPError):
                answered.append(
                    httpx.post(url, content=b"x" * chance.choice([0, 9, 99_999]), timeout=0.5, verify=False).status_code
                )

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        threads[0].join(0.05)
        relays.lift()
    for relay in tuple(relays.open_ones):
        relays.gate = None
        assert httpx.post(relay.url, content=b"", verify=False).content == ROWS
        relays.shut(relay)
    assert [relay.failure for relay in opened] == [None, None]
    assert len(answered) > 40
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(10)
    assert descriptors() <= before + 1, "of the authority's file at most"


def test_a_copied_url_is_a_text(relays: Relays, service: Shop) -> None:
    url = ProxyUrl(relays.open(service.url))
    for copied in (copy.copy(url), copy.deepcopy({"url": url})["url"], pickle.loads(pickle.dumps(url)), f"{url}"):
        assert (type(copied), copied) == (str, url)


def test_tls_without_its_package_says_what_to_install(
    relays: Relays, service: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(ProdparityError) as caught:
        relays.open(service.url, tls="expired")
    assert "parity_proxy with TLS needs the package 'trustme'" in str(caught.value)
    assert 'To fix: pip install "trustme"' in str(caught.value)


def test_the_authoritys_file_goes_with_the_proxies(relays: Relays, service: Shop) -> None:
    secure = relays.open(service.url, tls="trusted")
    folder = secure.ca.parent
    assert os.access(secure.ca, os.R_OK)
    relays.close()
    assert not folder.exists()
