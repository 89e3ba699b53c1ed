import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from decimal import Decimal

import app
import pytest


class Bank(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, {"rate": "1.0826", "currency": self.path.rpartition("/")[2]})

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
def bank(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bank)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity(faults="tolerate")
async def test_conversion(bank):
    assert await app.convert(bank, Decimal("100"), "USD") == Decimal("108.26")
