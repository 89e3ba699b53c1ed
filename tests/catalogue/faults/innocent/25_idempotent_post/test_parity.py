import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    refunds = {}

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refund = self.refunds.setdefault(self.headers["Idempotency-Key"], {"id": f"re_{len(self.refunds) + 1}", **body})
        self.answer(201, refund)

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
def provider(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity
def test_refunded_once(provider):
    Provider.refunds.clear()
    assert app.refund(provider, "ch_1", 500) == "re_1"
    assert app.refund(provider, "ch_1", 500) == "re_1"
    assert len(Provider.refunds) == 1
