"""
flow: requests signed by HMAC
library: urllib3
"""
import hashlib
import hmac
import json
import os
import time
import uuid

import urllib3

HTTP = urllib3.PoolManager()


def call(base, method, target, content=None):
    body = b"" if content is None else json.dumps(content).encode()
    stamp, nonce = str(int(time.time())), str(uuid.uuid4())
    text = b"\n".join([stamp.encode(), nonce.encode(), method.encode(), target.encode(), body])
    headers = {
        "X-Key-Id": os.environ["HOOK_KEY_ID"],
        "X-Timestamp": stamp,
        "X-Nonce": nonce,
        "X-Signature": hmac.new(os.environ["HOOK_SECRET"].encode(), text, hashlib.sha256).hexdigest(),
    }
    if body:
        headers["Content-Type"] = "application/json"
    response = HTTP.request(method, base.api + target, body=body or None, headers=headers)
    if response.status >= 400:
        raise RuntimeError(f"{method} {target}: {response.status}")
    return response.json()


def run(base):
    sent = call(base, "POST", "/events", {"type": "paid", "amount": 5})
    seen = call(base, "GET", "/events?after=2026-11-01&limit=5")
    time.sleep(600)
    call(base, "POST", "/events", {"type": "refunded", "amount": 5})
    return sent, seen
