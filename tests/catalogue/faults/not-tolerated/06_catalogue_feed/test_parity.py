import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest


class Supplier(BaseHTTPRequestHandler):
    def do_GET(self):
        page = int(self.path.rpartition("=")[2])
        items = [{"sku": f"S-{page}-{n}", "name": f"Item {n}", "price": f"{n}.90"} for n in range(40)]
        self.answer(200, {"items": items, "next": page + 1 if page < 3 else None})

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
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity(faults="tolerate")
def test_the_whole_catalogue_is_read(supplier):
    assert len({item.sku for item in app.catalogue(supplier)}) == 120
