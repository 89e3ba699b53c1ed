import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import app
import httpx
import pytest

parcels = {}


class CarrierApi(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def parcel(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = self.path if self.command == "PUT" else f"{self.path}/{len(parcels)}"
        parcels[name] = body
        self.answer(201, {"label": f"^XA {body['reference']} {body['weight']}g"})

    do_POST = do_PUT = parcel

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
    server = ThreadingHTTPServer(("127.0.0.1", 0), CarrierApi)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield parity_proxy(f"http://127.0.0.1:{server.server_port}") + ""
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def empty():
    parcels.clear()


@pytest.mark.prodparity
async def test_one_label_for_one_parcel(carrier):
    async with httpx.AsyncClient(base_url=carrier) as client:
        label = await app.Carrier(client).label("ACME-1", 900, "89073")
    assert label == b"^XA ACME-1 900g"
    assert [parcel["reference"] for parcel in parcels.values()] == ["ACME-1"]
