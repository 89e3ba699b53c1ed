"""Recorded flows: faulty clients found and correct ones accused on replay, and replay beside plain vcrpy.

The clients of tests/catalogue/recordings against a real OpenID provider (Node.js): each correct one is recorded, each faulty
one is played against its twin's recording, each correct one against all of its story. What a recording cannot prove is
`not covered`. The rate: 100 requests with a bearer token, the same cassette, rounds of both in turn.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import vcr

from pytest_prodparity.recorded import play
from pytest_prodparity.recordings.choices import Choices
from pytest_prodparity.recordings.exchange import Verdict
from pytest_prodparity.recordings.flow import Flow
from pytest_prodparity.recordings.ledger import Ledger
from tests.catalogue.recordings.cases import cases, correct, faulty
from tests.catalogue.recordings.replaying import recording, replayed
from tests.catalogue.recordings.replaying import run as ran
from tests.provider.running import Provider, running

ROUNDS = 7
REQUESTS = 100


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Both."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name, running() as provider:
        os.environ.update(provider.environ)
        os.environ.pop("AWS_PROFILE", None)
        counts = _detected(provider, Path(name))
        rates = {library: _rate(library, Path(name)) for library in ("requests", "httpx")}
    table = [["clients", "", "of"]]
    table += [
        ["faulty, found", str(counts["found"]), str(len(faulty()))],
        ["faulty, said to be not covered", str(counts["not covered"]), str(len(faulty()))],
        ["correct, accused or not played", str(counts["accused"]), str(counts["played"])],
    ]
    table += [
        [f"{library}, of vcrpy's requests a second", f"{ratio:.2f}", f"{plain:.0f}"]
        for library, (ratio, plain) in rates.items()
    ]
    return table, {**counts, **{f"ratio_{library}": round(ratio, 2) for library, (ratio, _) in rates.items()}}


def _detected(provider: Provider, folder: Path) -> Counter[str]:
    counts: Counter[str] = Counter({"found": 0, "not covered": 0, "accused": 0, "played": 0})
    by_name = {case.name: case for case in cases()}
    for case in faulty():
        flow, _ = ran(case, provider, recording(by_name[case.twin], provider, folder))
        assert isinstance(flow.judge, Ledger)
        if flow.judge.accusations:
            counts["found"] += 1
        elif any(one.ruling.verdict is Verdict.NOT_COVERED for one in flow.heard):
            counts["not covered"] += 1
    for case in correct():
        for recorder in correct(case.story):
            counts["played"] += 1
            counts["accused"] += replayed(case, provider, recording(recorder, provider, folder)) != ((), [], "")
    return counts


class _Items(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"items": [1, 2, 3]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _rate(library: str, folder: Path) -> tuple[float, float]:
    """Ours by theirs, median of the rounds; theirs in requests a second."""
    path = folder / f"rate-{library}.yaml"
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Items)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    ask = _asking(library, url)
    try:
        flow = Flow(path=path, mode="all", choices=Choices(), play=play)
        with flow.open():
            ask()
            flow.keep()
    finally:
        server.shutdown()
        server.server_close()
    ratios, rates = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with Flow(path=path, mode="none", choices=Choices(), play=play).open():
            ask()
        ours = time.perf_counter() - began
        began = time.perf_counter()
        with vcr.VCR(record_mode="none").use_cassette(str(path)):
            ask()
        theirs = time.perf_counter() - began
        ratios.append(theirs / ours)
        rates.append(REQUESTS / theirs)
    return statistics.median(ratios), statistics.median(rates)


def _asking(library: str, url: str) -> Callable[[], None]:
    headers = {"Authorization": f"Bearer {os.environ['FILES_TOKEN']}"}

    def by_requests() -> None:
        import requests

        with requests.Session() as session:
            for number in range(REQUESTS):
                session.get(f"{url}/items?n={number}", headers=headers, timeout=5).raise_for_status()

    def by_httpx() -> None:
        import httpx

        with httpx.Client() as client:
            for number in range(REQUESTS):
                client.get(f"{url}/items?n={number}", headers=headers).raise_for_status()

    return {"requests": by_requests, "httpx": by_httpx}[library]
