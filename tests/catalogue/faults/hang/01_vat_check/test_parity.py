import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import psycopg
import pytest


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer(200, {"valid": self.path.endswith("789")})

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
def registry(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def customer(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        SELECT id FROM customer
    """).fetchone()[0]


@pytest.mark.prodparity
def test_vat_number_is_noted(parity_db, registry, customer):
    with psycopg.connect(parity_db.dsn) as conn:
        app.exempt(conn, registry, customer, "DE 123456789")
    query = "SELECT profile ->> 'vat' FROM customers WHERE id = %s"
    assert parity_db.owner.execute(query, (customer,)).fetchone() == ("DE123456789",)


@pytest.mark.prodparity
def test_unknown_number(parity_db, registry, customer):
    with psycopg.connect(parity_db.dsn) as conn, pytest.raises(app.Unverified):
        app.exempt(conn, registry, customer, "DE 123456780")
