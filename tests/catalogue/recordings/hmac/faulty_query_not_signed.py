"""
flow: requests signed by HMAC
library: requests
fault: the path is signed without its query
live: GET /events 401 wrong_signature
"""
import hashlib
import hmac
import os
import time
import uuid

import requests


def get(base, path, params):
    stamp, nonce = str(int(time.time())), uuid.uuid4().hex
    text = f"{stamp}\n{nonce}\nGET\n{path}\n"
    response = requests.get(
        base.api + path,
        params=params,
        headers={
            "X-Key-Id": os.environ["HOOK_KEY_ID"],
            "X-Timestamp": stamp,
            "X-Nonce": nonce,
            "X-Signature": hmac.new(os.environ["HOOK_SECRET"].encode(), text.encode(), hashlib.sha256).hexdigest(),
        },
    )
    response.raise_for_status()
    return response.json()


def run(base):
    return get(base, "/events", {"after": "2026-11-01", "limit": "5"})
