import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest


class Similar(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        product = int(self.path.split("?")[0].rpartition("/")[2])
        self.answer(200, {"items": [{"id": product + n} for n in range(1, 9)]})

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
def url(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Similar)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity
def test_five_at_most(url):
    assert app.recommended(url, 100) == [101, 102, 103, 104, 105]
