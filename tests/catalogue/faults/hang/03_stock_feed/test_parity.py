import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest


class Supplier(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, {"sku": self.path.rpartition("/")[2], "pieces": 12})

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
def supplier(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Supplier)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + "/north"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity
async def test_pieces_are_added_up(supplier):
    found = await app.availability({"north": supplier}, "M-1")
    assert found.total == 12
