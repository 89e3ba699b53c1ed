"""requests before urllib3 2: a body that is cut short is a success. Nobody notices half a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.project import Project

PROGRAM = """\
import requests


def import_prices(url):
    answer = requests.get(url, timeout=5)
    answer.raise_for_status()
    return dict(line.split(",") for line in answer.text.splitlines())
"""

TESTS = """\
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import urllib3
from prices import import_prices
from pytest_prodparity.faults.kinds.cut_body import CutBody

PRICES = "".join(f"item {n:03},{n}\\n" for n in range(200)).encode()


class Gate:
    def opening(self, opening):
        return None

    def asking(self, asking):
        return CutBody().strike


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PRICES)))
        self.end_headers()
        self.wfile.write(PRICES)

    def log_message(self, *_):
        pass


@pytest.fixture
def supplier():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/prices.csv"
    server.shutdown()
    server.server_close()


def test_all_is_well(parity_proxy, supplier):
    assert (requests.__version__ < "2.30") == (urllib3.__version__ < "2") == (os.environ["OLD"] == "yes")
    assert len(import_prices(parity_proxy(supplier))) == 200


def test_half_a_body_is_no_success(parity_proxy, supplier):
    url = parity_proxy(supplier)
    url.relay.gate = Gate()
    try:
        found = import_prices(url)
    except requests.RequestException as error:
        assert "IncompleteRead" in str(error)
    else:
        assert len(found) == 200
"""


@pytest.mark.parametrize(
    ("wanted", "old"), [(("requests==2.28.2", "urllib3==1.26.20"), True), (("requests>=2.32", "urllib3>=2.2"), False)]
)
def test_a_body_cut_short(
    project: Callable[[Mapping[str, str]], Project], release: Callable[..., Path], wanted: tuple[str, ...], old: bool
) -> None:
    environment = {"PYTHONPATH": str(release(*wanted)), "OLD": "yes" if old else "no"}
    result = project({"prices.py": PROGRAM, "test_prices.py": TESTS}).run("-p", "no:warnings", environment=environment)
    assert result.outcomes == ({"failed": 1, "passed": 1} if old else {"passed": 2}), result.out
    if old:
        assert "assert 100 == 200" in result.out or "ValueError: dictionary update sequence" in result.out
