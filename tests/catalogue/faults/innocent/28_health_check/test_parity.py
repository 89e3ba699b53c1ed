import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest


class Service(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, {"ok": True})

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
def search(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity
async def test_health(parity_db, search):
    assert await app.health(parity_db.dsn, {"search": search}) == {"database": True, "search": True}
