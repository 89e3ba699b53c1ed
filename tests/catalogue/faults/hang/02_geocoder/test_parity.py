import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import app
import pytest
from sqlalchemy.orm import Session


class Geocoder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        city = parse_qs(urlsplit(self.path).query)["city"][0]
        self.answer(*(200, {"postcode": "89073"}) if city == "Ulm" else (404, {}))

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
    server = ThreadingHTTPServer(("127.0.0.1", 0), Geocoder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def address(parity_db):
    return parity_db.owner.execute("""
        WITH country AS (INSERT INTO countries VALUES ('DE', 'Germany', 'EU') ON CONFLICT DO NOTHING),
        currency AS (INSERT INTO currencies VALUES ('EUR', 'Euro') ON CONFLICT DO NOTHING),
        tenant AS (INSERT INTO tenants (slug, name) VALUES ('acme', 'Acme') RETURNING id),
        customer AS (
            INSERT INTO customers (tenant_id, email, name) SELECT id, 'ann@acme.example', 'Ann' FROM tenant RETURNING *
        )
        INSERT INTO addresses (customer_id, street, city, postcode, country)
        SELECT id, 'Main 1', 'Ulm', '', 'DE' FROM customer RETURNING id, customer_id
    """).fetchone()


@pytest.mark.prodparity
def test_a_postcode_is_found(parity_db, url, address):
    address_id, customer_id = address
    with app.geocoder(url) as client, Session(parity_db.engine) as session:
        assert app.complete(session, client, customer_id) == [address_id]
    row = parity_db.owner.execute("SELECT postcode FROM addresses WHERE id = %s", (address_id,)).fetchone()
    assert row == ("89073",)
