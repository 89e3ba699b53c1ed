import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import pytest
from sqlalchemy.orm import Session

sent = []


class MailServer(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.3)
        sent.append((self.headers["X-To"], self.headers["X-Subject"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def mail():
    server = ThreadingHTTPServer(("127.0.0.1", 0), MailServer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield app.MailApi(f"http://127.0.0.1:{server.server_port}/send")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ticket(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO tickets (tenant_id, customer_id, subject) SELECT tenant_id, id, 'Mug' FROM customer RETURNING id
    """).fetchone()[0]


@pytest.mark.prodparity
def test_reply_is_stored_and_mailed(parity_db, mail, ticket):
    with Session(parity_db.engine) as session:
        message = app.reply(session, mail, ticket, "kim", "Hello Ann")
    assert sent == [("ann@acme.example", "Re: Mug")]
    row = parity_db.owner.execute("SELECT ticket_id, body FROM messages WHERE id = %s", (message,)).fetchone()
    assert row == (ticket, "Hello Ann")
