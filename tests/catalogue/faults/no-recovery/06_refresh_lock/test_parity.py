import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import app
import pytest


class Auth(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer(200, {"access_token": f"token-of-{form['client_id'][0]}", "expires_in": 3600})

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
def auth(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Auth)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + "/token"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def expired():
    if "shop" in app._stores:
        app._stores["shop"].forget()


@pytest.mark.prodparity
def test_header(auth):
    assert app.bearer("shop", auth) == "Bearer token-of-shop"
