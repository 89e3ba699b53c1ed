"""
flow: requests signed by HMAC
library: httpx
fault: json.dumps with spaces is signed, httpx sends JSON without
live: POST /events 401 wrong_signature
"""
import hashlib
import hmac
import json
import os
import time
import uuid

import httpx


def run(base):
    event = {"type": "paid", "amount": 5}
    stamp, nonce = str(int(time.time())), uuid.uuid4().hex
    text = f"{stamp}\n{nonce}\nPOST\n/events\n{json.dumps(event)}"
    headers = {
        "X-Key-Id": os.environ["HOOK_KEY_ID"],
        "X-Timestamp": stamp,
        "X-Nonce": nonce,
        "X-Signature": hmac.new(os.environ["HOOK_SECRET"].encode(), text.encode(), hashlib.sha256).hexdigest(),
    }
    return httpx.post(f"{base.api}/events", json=event, headers=headers).raise_for_status().json()
