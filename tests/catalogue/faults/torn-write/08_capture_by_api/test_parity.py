import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import psycopg
import pytest


class Charges(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["order"]
        self.answer(201, {"reference": f"ch-{order}"})

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
    server = ThreadingHTTPServer(("127.0.0.1", 0), Charges)
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
def test_a_paid_order_has_a_payment(parity_db, url, order):
    with psycopg.connect(parity_db.dsn) as conn:
        reference = app.pay(conn, app.Provider(url), order)
    assert reference == f"ch-{order}"
    query = "SELECT o.status, p.status, p.amount = o.total FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = %s"
    assert parity_db.owner.execute(query, (order,)).fetchall() == [("paid", "settled", True)]
