"""
flow: an app signs a JWT and gets a token for it
library: aiohttp
fault: the installation's token is kept for the life of the process
live: GET /app/repositories 401 expired_token
"""
import asyncio
import base64
import hashlib
import hmac
import json
import os
import time

import aiohttp


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def sign():
    now = int(time.time())
    payload = {"iss": os.environ["ROBOT_ID"], "iat": now, "exp": now + 540}
    text = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(payload).encode())
    return text + "." + b64(hmac.new(os.environ["ROBOT_SECRET"].encode(), text.encode(), hashlib.sha256).digest())


async def main(base):
    seen = []
    async with aiohttp.ClientSession(base_url=base.api, raise_for_status=True) as http:
        async with http.post("/app/access_tokens", headers={"Authorization": f"Bearer {sign()}"}) as response:
            token = (await response.json())["token"]
        for pause in (0, 900, 3600):
            await asyncio.sleep(pause)
            async with http.get("/app/repositories", headers={"Authorization": f"Bearer {token}"}) as response:
                seen.append((await response.json())["repositories"])
    return seen


def run(base):
    return asyncio.run(main(base))
