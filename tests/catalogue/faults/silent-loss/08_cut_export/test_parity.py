import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import psycopg
import pytest

LINES = """\
{"currency": "CHF", "rate": "0.953100"}
{"currency": "GBP", "rate": "0.855200"}
{"currency": "USD", "rate": "1.082600"}
{"count": 3}
"""


class Bank(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.end_headers()
        self.wfile.write(LINES.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def bank(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bank)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def currencies(parity_db):
    parity_db.owner.execute(
        "INSERT INTO currencies VALUES ('CHF', 'Franc'), ('GBP', 'Pound'), ('USD', 'Dollar') ON CONFLICT DO NOTHING"
    )


@pytest.mark.prodparity
def test_rates_are_imported(parity_db, bank, currencies):
    day = date(2001, 2, 28)
    with psycopg.connect(parity_db.dsn) as conn:
        app.import_rates(conn, bank, day)
