"""
flow: requests signed by HMAC
library: urllib3
fault: the signed headers are made once and sent again ten minutes later
live: POST /events 401 stale
"""
import hashlib
import hmac
import json
import os
import time
import uuid

import urllib3


def signed(body):
    stamp, nonce = str(int(time.time())), uuid.uuid4().hex
    text = f"{stamp}\n{nonce}\nPOST\n/events\n".encode() + body
    return {
        "Content-Type": "application/json",
        "X-Key-Id": os.environ["HOOK_KEY_ID"],
        "X-Timestamp": stamp,
        "X-Nonce": nonce,
        "X-Signature": hmac.new(os.environ["HOOK_SECRET"].encode(), text, hashlib.sha256).hexdigest(),
    }


def run(base):
    http = urllib3.PoolManager()
    body = json.dumps({"type": "paid", "amount": 5}).encode()
    headers = signed(body)
    first = http.request("POST", f"{base.api}/events", body=body, headers=headers).status
    time.sleep(600)
    return first, http.request("POST", f"{base.api}/events", body=body, headers=headers).status
