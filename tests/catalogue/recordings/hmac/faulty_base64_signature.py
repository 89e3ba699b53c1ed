"""
flow: requests signed by HMAC
library: aiohttp
fault: the signature is sent as base64, the server compares hexadecimal digits
live: POST /events 401 wrong_signature
"""
import asyncio
import base64
import hashlib
import hmac
import json
import os
import time
import uuid

import aiohttp


async def main(base):
    body = json.dumps({"type": "paid", "amount": 5}).encode()
    stamp, nonce = str(int(time.time())), uuid.uuid4().hex
    text = f"{stamp}\n{nonce}\nPOST\n/events\n".encode() + body
    headers = {
        "Content-Type": "application/json",
        "X-Key-Id": os.environ["HOOK_KEY_ID"],
        "X-Timestamp": stamp,
        "X-Nonce": nonce,
        "X-Signature": base64.b64encode(hmac.digest(os.environ["HOOK_SECRET"].encode(), text, "sha256")).decode(),
    }
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        async with http.post(f"{base.api}/events", data=body, headers=headers) as response:
            return await response.json()


def run(base):
    return asyncio.run(main(base))
