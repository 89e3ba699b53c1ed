import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from decimal import Decimal

import app
import pytest
from django.db import close_old_connections


@pytest.fixture(autouse=True)
def request_cycle():
    close_old_connections()
    yield
    close_old_connections()


class Cache(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.answer(200, {"purged": json.loads(self.rfile.read(int(self.headers["Content-Length"])))["tag"]})

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
def cache(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cache)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity
def test_settings_are_saved(parity_db, cache):
    app.save(cache, free_shipping_from=Decimal("35.00"), maintenance=True)
    row = parity_db.owner.execute("SELECT free_shipping_from, maintenance FROM site_settings").fetchone()
    assert row == (Decimal("35.00"), True)
