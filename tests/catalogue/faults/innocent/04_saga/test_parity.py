import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest


class Carrier(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    parcels = {}

    def do_PUT(self):
        self.parcels[self.path] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["weight"]
        self.answer(200, {"state": "announced"})

    def do_DELETE(self):
        self.parcels.pop(self.path, None)
        self.answer(200, {"state": "withdrawn"})

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
def carrier(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Carrier)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def order(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        ),
        placed AS (
            INSERT INTO orders (tenant_id, customer_id, number, total)
            SELECT tenant_id, id, 'ACME-1', 99.90 FROM customer RETURNING *
        )
        SELECT id FROM placed
    """).fetchone()[0]


@pytest.mark.prodparity
def test_an_order_is_handed_over_once(parity_db, carrier, order):
    Carrier.parcels.clear()
    parity_db.owner.execute("UPDATE orders SET status = 'paid' WHERE id = %s", (order,))
    app.hand_over(parity_db.dsn, carrier, order, 900)
    with pytest.raises(app.NotReady):
        app.hand_over(parity_db.dsn, carrier, order, 900)
    assert Carrier.parcels == {f"/parcels/{order}": 900}
    assert parity_db.owner.execute("SELECT status FROM orders WHERE id = %s", (order,)).fetchone() == ("announced",)
