import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import psycopg
import pytest


class Provider(BaseHTTPRequestHandler):
    def do_POST(self):
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["order"]
        time.sleep(0.3)
        answer = json.dumps({"reference": f"acme-{order}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


@pytest.fixture
def provider():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
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
        INSERT INTO orders (tenant_id, customer_id, number, total)
        SELECT tenant_id, id, 'ACME-1', 99.90 FROM customer RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_an_order_is_paid_once(parity_db, provider, order):
    with psycopg.connect(parity_db.dsn, autocommit=True) as conn:
        assert app.pay(conn, provider, order) == f"acme-{order}"
        with pytest.raises(app.AlreadyPaid):
            app.pay(conn, provider, order)
    query = "SELECT o.status, p.status FROM orders o JOIN payments p ON p.order_id = o.id WHERE o.id = %s"
    assert parity_db.owner.execute(query, (order,)).fetchall() == [("paid", "settled")]
