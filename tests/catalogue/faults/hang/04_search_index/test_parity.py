import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest


class Index(BaseHTTPRequestHandler):
    known = set()

    def do_PUT(self):
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        result = "updated" if document["id"] in self.known else "created"
        self.known.add(document["id"])
        self.answer(200, {"result": result})

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
def index(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def product(parity_db):
    Index.known.clear()
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id)
        INSERT INTO products (tenant_id, sku, name, price) SELECT id, 'M-1', 'Mug', 9.90 FROM tenant RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_a_product_is_indexed_twice(parity_db, index, product):
    assert app.reindex(parity_db.dsn, index, product) == "created"
    assert app.reindex(parity_db.dsn, index, product) == "updated"
