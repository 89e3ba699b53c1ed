import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from decimal import Decimal

import app
import pytest


class Provider(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        charge = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers.get("Idempotency-Key") or object()
        with self.server.lock:
            known = self.server.charges.setdefault(key, {"id": f"ch_{len(self.server.charges) + 1}", **charge})
        self.answer(200, known)

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
def provider():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.lock = threading.Lock()
    server.charges = {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity
def test_a_card_is_charged_once(provider, parity_proxy):
    url = parity_proxy(f"http://127.0.0.1:{provider.server_port}")
    with app.Payments(url, "sk_test") as payments:
        assert payments.charge("card_1", Decimal("19.99")) == "ch_1"
    assert [charge["amount"] for charge in provider.charges.values()] == [1999]
