"""
flow: requests signed by HMAC
library: httpx
fault: a client has one nonce for all its requests
live: GET /events 409 replayed
"""
import hashlib
import hmac
import os
import secrets
import time

import httpx


class Signed(httpx.Auth):
    requires_request_body = True

    def __init__(self):
        self.nonce = secrets.token_hex(8)

    def auth_flow(self, request):
        stamp = str(int(time.time()))
        text = f"{stamp}\n{self.nonce}\n{request.method}\n{request.url.raw_path.decode()}\n".encode() + request.content
        request.headers["X-Key-Id"] = os.environ["HOOK_KEY_ID"]
        request.headers["X-Timestamp"] = stamp
        request.headers["X-Nonce"] = self.nonce
        request.headers["X-Signature"] = hmac.new(os.environ["HOOK_SECRET"].encode(), text, hashlib.sha256).hexdigest()
        yield request


def run(base):
    with httpx.Client(base_url=base.api, auth=Signed()) as client:
        sent = client.post("/events", json={"type": "paid", "amount": 5}).raise_for_status().json()
        return sent, client.get("/events", params={"after": "2026-11-01", "limit": "5"}).raise_for_status().json()
