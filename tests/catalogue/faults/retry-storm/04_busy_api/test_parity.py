import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest

levels = {}


class Marketplace(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        level = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["level"]
        changed = levels.get(self.path) != level
        levels[self.path] = level
        self.answer(200, {"changed": int(changed)})

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
def marketplace(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Marketplace)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity
def test_levels_arrive(marketplace):
    levels.clear()
    app.publish(marketplace, {"M-1": 4, "M-2": 0})
    assert levels == {"/stock/M-1": 4, "/stock/M-2": 0}
