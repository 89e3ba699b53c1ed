import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import httpx
import psycopg
import pytest


class MailApi(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.mails[self.headers["Idempotency-Key"]] = message["to"]
        self.answer(202, {"status": "accepted"})

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
def mails():
    return {}


@pytest.fixture
def api(parity_proxy, mails):
    server = ThreadingHTTPServer(("127.0.0.1", 0), MailApi)
    server.mails = mails
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    with httpx.Client(base_url=parity_proxy(f"http://127.0.0.1:{server.server_port}")) as client:
        yield client
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
def test_a_queued_mail_is_sent(parity_db, api, mails, customer):
    parity_db.owner.execute(
        "INSERT INTO emails (customer_id, recipient, subject, body) VALUES (%s, 'ann@acme.example', 'Hi', 'Hello')",
        (customer,),
    )
    with psycopg.connect(parity_db.dsn) as conn:
        assert app.send_queued(conn, api, customer) == 1
    row = parity_db.owner.execute("SELECT status FROM emails WHERE customer_id = %s", (customer,)).fetchone()
    assert row == ("sent",)
