import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest


class Carrier(BaseHTTPRequestHandler):
    def do_POST(self):
        reference = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["reference"]
        time.sleep(0.3)
        answer = json.dumps({"tracking": f"T-{reference}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


@pytest.fixture
def carrier():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Carrier)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/labels"
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
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'a@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO orders (tenant_id, customer_id, number, status)
        SELECT tenant_id, id, 'ACME-1', 'paid' FROM customer RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_order_is_shipped(parity_db, carrier, order):
    assert app.ship(carrier, order) == "T-ACME-1"
    with pytest.raises(app.NotPaid):
        app.ship(carrier, order)
    row = parity_db.owner.execute("SELECT status, notes FROM orders WHERE id = %s", (order,)).fetchone()
    assert row == ("shipped", "tracking T-ACME-1")
