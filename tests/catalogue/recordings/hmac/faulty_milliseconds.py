"""
flow: requests signed by HMAC
library: requests
fault: the timestamp is in milliseconds
live: POST /events 401 stale
"""
import hashlib
import hmac
import json
import os
import time
import uuid

import requests


def run(base):
    body = json.dumps({"type": "paid", "amount": 5})
    stamp, nonce = str(int(time.time() * 1000)), uuid.uuid4().hex
    text = f"{stamp}\n{nonce}\nPOST\n/events\n{body}"
    response = requests.post(
        f"{base.api}/events",
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-Key-Id": os.environ["HOOK_KEY_ID"],
            "X-Timestamp": stamp,
            "X-Nonce": nonce,
            "X-Signature": hmac.new(os.environ["HOOK_SECRET"].encode(), text.encode(), hashlib.sha256).hexdigest(),
        },
    )
    response.raise_for_status()
    return response.json()
