"""
flow: requests signed by HMAC
library: httpx
"""
import hashlib
import hmac
import os
import secrets
import time

import httpx


class Signed(httpx.Auth):
    requires_request_body = True

    def auth_flow(self, request):
        stamp, nonce = str(int(time.time())), secrets.token_hex(8)
        target = request.url.raw_path.decode()
        text = f"{stamp}\n{nonce}\n{request.method}\n{target}\n".encode() + request.content
        signature = hmac.new(os.environ["HOOK_SECRET"].encode(), text, hashlib.sha256).hexdigest()
        request.headers.update(
            {"X-Key-Id": os.environ["HOOK_KEY_ID"], "X-Timestamp": stamp, "X-Nonce": nonce, "X-Signature": signature}
        )
        yield request


def run(base):
    with httpx.Client(base_url=base.api, auth=Signed()) as client:
        sent = client.post("/events", json={"type": "paid", "amount": 5}).raise_for_status().json()
        seen = client.get("/events", params={"after": "2026-11-01", "limit": "5"}).raise_for_status().json()
        time.sleep(600)
        client.post("/events", json={"type": "refunded", "amount": 5}).raise_for_status()
    return sent, seen
