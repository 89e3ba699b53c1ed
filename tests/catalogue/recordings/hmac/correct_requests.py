"""
flow: requests signed by HMAC
library: requests
"""
import hashlib
import hmac
import json
import os
import time
import uuid
from urllib.parse import urlsplit

import requests


class Signed(requests.auth.AuthBase):
    def __call__(self, request):
        stamp, nonce = str(int(time.time())), uuid.uuid4().hex
        parts = urlsplit(request.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        text = f"{stamp}\n{nonce}\n{request.method}\n{target}\n".encode() + body
        request.headers["X-Key-Id"] = os.environ["HOOK_KEY_ID"]
        request.headers["X-Timestamp"] = stamp
        request.headers["X-Nonce"] = nonce
        request.headers["X-Signature"] = hmac.new(os.environ["HOOK_SECRET"].encode(), text, hashlib.sha256).hexdigest()
        return request


def run(base):
    with requests.Session() as session:
        session.auth = Signed()
        sent = session.post(f"{base.api}/events", json={"type": "paid", "amount": 5})
        sent.raise_for_status()
        seen = session.get(f"{base.api}/events", params={"after": "2026-11-01", "limit": "5"})
        seen.raise_for_status()
        time.sleep(600)
        session.post(f"{base.api}/events", json={"type": "refunded", "amount": 5}).raise_for_status()
    return sent.json(), seen.json()
