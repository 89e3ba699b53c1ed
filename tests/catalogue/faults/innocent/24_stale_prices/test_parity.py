import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import httpx
import pytest


class Prices(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, {"cents": 990})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


@pytest.fixture
def prices(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Prices)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity
def test_price(prices):
    with httpx.Client(base_url=prices) as client:
        found = app.price(client, "M-1")
        assert found.cents == 990 or not found.fresh


@pytest.mark.prodparity
def test_no_service_and_no_memory():
    app._last.clear()
    with httpx.Client(base_url="http://127.0.0.1:9") as client:
        assert app.price(client, "M-1") == app.Price(None, fresh=False)
