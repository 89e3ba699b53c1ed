import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest


class Renderer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    documents = {}

    def do_PUT(self):
        self.documents[self.path] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"]
        self.answer(202, {"state": "queued"})

    def do_GET(self):
        self.answer(200, {"pdf": self.documents[self.path]})

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
def renderer(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Renderer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity
async def test_a_document_is_rendered(renderer):
    data = await app.render(renderer, "i-1", "Invoice 1")
    assert json.loads(data) == {"pdf": "Invoice 1"}
