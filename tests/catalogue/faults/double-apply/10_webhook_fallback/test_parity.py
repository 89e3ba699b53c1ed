import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

import aiohttp
import app
import asyncpg
import pytest

received = {}


class Partner(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        received.setdefault(event.get("id") or uuid4(), event["order"])
        self.answer(200, {"ok": True})

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
def partner(parity_proxy):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Partner)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + "/hook"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.prodparity
async def test_the_partner_hears_of_an_order_once(parity_db, partner):
    received.clear()
    conn = await asyncpg.connect(parity_db.dsn)
    try:
        async with aiohttp.ClientSession() as session:
            await app.notify(conn, session, partner, "ACME-1")
            await app.drain(conn, session)
    finally:
        await conn.close(timeout=2)
    assert list(received.values()) == ["ACME-1"]
