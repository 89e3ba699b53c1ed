"""`parity_proxy` in a user's tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.project import Project
from tests.relay.serving import ROWS, shop

Make = Callable[[Mapping[str, str]], Project]

SERVICE = """\
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def payments():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/base"
    server.shutdown()
    server.server_close()
"""

TESTS = """\
import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request

import pytest

seen = []
FETCH = "import os, urllib.request as r; print(r.urlopen(os.environ['PAYMENTS_URL']).read().decode())"


def fetch(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def test_the_url_is_a_text_and_passes_everything(parity_proxy, payments):
    url = parity_proxy(payments)
    seen.append(url)
    assert isinstance(url, str) and url.startswith("http://127.0.0.1:") and url.endswith("/base") and url != payments
    assert json.loads(json.dumps({"url": url}))["url"] == url
    assert fetch(url) == b"ok"
    (trip,) = url.trips
    assert trip.statements == ("GET /base",)
    assert (trip.source.path, trip.source.function) == ("test_proxy.py", "fetch")


def test_a_subprocess_has_it_in_its_environment(parity_proxy, payments, monkeypatch):
    url = parity_proxy(payments)
    monkeypatch.setenv("PAYMENTS_URL", url)
    assert subprocess.run([sys.executable, "-c", FETCH], capture_output=True, text=True).stdout == "ok\\n"
    assert len(url.trips) == 1


def test_nothing_of_the_first_test_is_left(parity_proxy):
    (url,) = seen
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", url.relay.port))
    assert not [one.name for one in threading.enumerate() if one.name.startswith("prodparity proxy")]


def test_a_wrong_url_is_explained(parity_proxy):
    parity_proxy("htpp://127.0.0.1")


def test_a_service_that_is_not_there(parity_proxy):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    fetch(parity_proxy(f"http://127.0.0.1:{port}"))
"""


def test_proxies_live_as_long_as_their_test(project: Make) -> None:
    result = project({"conftest.py": SERVICE, "test_proxy.py": TESTS}).run()
    assert result.outcomes == {"failed": 2, "passed": 3}, result.out
    assert "unknown scheme 'htpp' in 'htpp://127.0.0.1' (did you mean 'http'?)" in result.out
    assert "parity_proxy: the service at 127.0.0.1:" in result.out
    assert "could not be reached: [Errno" in result.out


FAULTS = """\
import socket
import threading

import pytest
import requests
from pytest_prodparity import BlackHole, CutBody, EmptyReply, Html, Latency, Refuse, ReplyLost, Status


def test_a_fault_for_one_request(parity_proxy, parity_faults, payments):
    url = parity_proxy(payments)
    with parity_faults(EmptyReply(trip=2)):
        assert requests.get(url).text == "ok"
        with pytest.raises(requests.ConnectionError):
            requests.get(url)
        assert requests.get(url).text == "ok"
    assert [trip.struck for trip in url.trips] == [False, True, False]


def test_blocks_one_in_another_and_proxies_opened_within(parity_proxy, parity_faults, payments):
    with parity_faults(Latency(ms=50), Status(503, retry_after=2)):
        url = parity_proxy(payments)
        answer = requests.get(url)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert answer.elapsed.total_seconds() >= 0.025
        with parity_faults(Html()):
            assert "sign in" in requests.get(url).text
        assert requests.get(url).status_code == 503
    assert requests.get(url).text == "ok"


def test_nothing_is_left_of_a_block(parity_proxy, parity_faults, payments):
    url = parity_proxy(payments)
    with requests.Session() as client, parity_faults(BlackHole()):
        with pytest.raises(requests.ReadTimeout):
            client.post(url, data=b"x", timeout=0.1)
    assert not [one.name for one in threading.enumerate() if one.name.startswith("prodparity proxy") and "/" in one.name]


def test_a_customer_is_charged_once(parity_proxy, parity_faults, payments):
    url = parity_proxy(payments)
    with parity_faults(Status(503, retry_after=1, trip=1), ReplyLost(trip=2)):
        assert requests.post(f"{url}/charge", json={"amount": 10}, timeout=5).status_code == 503
        with pytest.raises(requests.ConnectionError):
            requests.post(f"{url}/charge", json={"amount": 10}, timeout=5)
    assert [(trip.status, trip.applied) for trip in url.trips] == [(0, False), (200, True)]


def test_nobody_listens(parity_proxy, parity_faults, payments):
    url = parity_proxy(payments)
    with parity_faults(Refuse(closed=True)):
        for _ in range(2):
            with pytest.raises(requests.ConnectionError, match="refused"):
                requests.get(url)
        later = parity_proxy(payments)
        with pytest.raises(requests.ConnectionError):
            requests.get(later)
        with pytest.raises(requests.ConnectionError, match="refused"):
            requests.get(later)
    assert requests.get(url).text == requests.get(later).text == "ok"


def test_a_fault_that_struck_nothing(parity_proxy, parity_faults, payments):
    url = parity_proxy(payments)
    with parity_faults(CutBody(trip=7)):
        requests.get(url)
"""


FAR = """\
import time

import pytest
from pytest_prodparity import Latency
from test_standing import URL


def seconds(url):
    import urllib.request

    began = time.monotonic()
    urllib.request.urlopen(url).read()
    return time.monotonic() - began


def test_a_service_that_is_far_away(parity_proxy, parity_faults, payments):
    far, near = parity_proxy(payments, latency=Latency(ms=400)), parity_proxy(payments)
    assert seconds(far) >= 0.4 > seconds(near)
    with parity_faults(Latency(ms=800)):
        assert seconds(far) >= 0.8 <= seconds(near)
    assert 0.8 > seconds(far) >= 0.4 > seconds(near)


def test_a_standing_proxy(parity_proxy):
    assert seconds(parity_proxy(URL, latency=Latency(ms=400))) >= 0.4


def test_it_is_near_again(parity_proxy):
    assert seconds(parity_proxy(URL)) < 0.4


def test_milliseconds(parity_proxy, payments):
    parity_proxy(payments, latency=200)
"""


def test_a_proxy_can_have_a_latency_of_its_own_for_one_test(project: Make) -> None:
    with shop() as service:
        settings = f'[tool.prodparity.env]\nPAYMENTS_URL = "{{proxy:{service.url}/ok}}"\n'
        standing = 'import os\n\nURL = os.environ["PAYMENTS_URL"]\n'
        files = {"pyproject.toml": settings, "conftest.py": SERVICE, "test_standing.py": standing, "test_far.py": FAR}
        result = project(files).run()
    assert result.outcomes == {"failed": 1, "passed": 3}, result.out
    assert "parity_proxy: latency=200 is no Latency." in result.out
    assert "write latency=Latency(ms=30)" in result.out


def test_faults_by_hand_strike_what_passes_a_proxy(project: Make) -> None:
    result = project({"conftest.py": SERVICE, "test_faults.py": FAULTS}).run()
    assert result.outcomes == {"failed": 1, "passed": 5}, result.out
    assert "CutBody(trip=7) waited for number 7, and the block had 1 trip" in result.out
    assert "PostgreSQL" not in result.out


STANDING = """\
import os
import urllib.request

import pytest
from app import URL, fetch
from pytest_prodparity import Status

ports = set()


@pytest.mark.parametrize("number", range(2))
def test_the_application_goes_through_it_since_its_import(parity_proxy, parity_faults, number):
    url = parity_proxy(URL)
    assert url == URL == parity_proxy(os.environ["SERVICE"])
    ports.add(url.relay.port)
    assert len(ports) == 1
    assert fetch() == b"ok"
    assert url.trips[-1].source.path == "app.py"
    with parity_faults(Status(500)), pytest.raises(urllib.request.HTTPError):
        fetch()
"""

APP = """\
import os
import urllib.request

URL = os.environ["PAYMENTS_URL"]


def fetch():
    with urllib.request.urlopen(URL) as answer:
        return answer.read()
"""


def test_a_proxy_in_the_settings_stands_for_the_whole_run(project: Make) -> None:
    with shop() as service:
        settings = f'[tool.prodparity.env]\nPAYMENTS_URL = "{{proxy:{service.url}/ok}}"\n'
        files = {"pyproject.toml": settings, "app.py": APP, "test_standing.py": STANDING.replace('b"ok"', repr(ROWS))}
        result = project(files).run(environment={"SERVICE": f"{service.url}/ok"})
    assert result.outcomes == {"passed": 2}, result.out


def test_a_wrong_proxy_in_the_settings_is_a_usage_error(project: Make) -> None:
    settings = '[tool.prodparity.env]\nPAYMENTS_URL = "{proxy:htpp://127.0.0.1}"\n'
    result = project({"pyproject.toml": settings, "test_nothing.py": "def test_nothing(): pass"}).run()
    assert result.status == 4
    assert "unknown scheme 'htpp' in 'htpp://127.0.0.1' (did you mean 'http'?)" in result.out


PRICES = """\
import http.client


def price(host, port):
    last = None
    for _ in range(3):
        connection = http.client.HTTPConnection(host, port, timeout=2)
        try:
            connection.request("GET", "/")
            return connection.getresponse().read()
        except OSError as error:
            last = error
        finally:
            connection.close()
    raise last
"""

GONE = """\
from urllib.parse import urlsplit

import prices
import pytest
from pytest_prodparity import Refuse


@pytest.mark.prodparity(faults=[Refuse(closed=True)])
def test_price(parity_db, parity_proxy, payments):
    url = urlsplit(parity_proxy(payments))
    found = prices.price(url.hostname, url.port)
    assert found == b"ok"
"""


def test_the_sweep_shuts_a_services_port_for_one_scenario(project: Make) -> None:
    settings = "[tool.prodparity.levels.staging]\nrows = 0\ngrowth = false\n"
    files = {"pyproject.toml": settings, "conftest.py": SERVICE, "prices.py": PRICES, "test_gone.py": GONE}
    result = project(files).run("--parity-level=staging", "--parity-database=embedded")
    assert result.outcomes == {"passed": 1}, result.out
    assert result.report is not None
    ((token, outcome),) = [
        (one["token"], one["outcome"]) for test in result.report["tests"] for one in test["scenarios"]
    ]
    assert token.endswith(":refuse-closed")
    assert outcome == "failed cleanly with ConnectionRefusedError"
