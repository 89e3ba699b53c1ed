"""
flow: an app signs a JWT and gets a token for it
library: aiohttp
"""
import asyncio
import base64
import hashlib
import hmac
import json
import os
import time
from datetime import datetime

import aiohttp


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def sign():
    now = int(time.time())
    payload = {"iss": os.environ["ROBOT_ID"], "iat": now, "exp": now + 540}
    text = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(payload).encode())
    return text + "." + b64(hmac.new(os.environ["ROBOT_SECRET"].encode(), text.encode(), hashlib.sha256).digest())


async def main(base):
    token, until, seen = None, 0.0, []
    async with aiohttp.ClientSession(base_url=base.api, raise_for_status=True) as http:
        for pause in (0, 900, 3600):
            await asyncio.sleep(pause)
            if time.time() >= until - 60:
                headers = {"Authorization": f"Bearer {sign()}"}
                async with http.post("/app/access_tokens", headers=headers) as response:
                    answer = await response.json()
                token = answer["token"]
                until = datetime.fromisoformat(answer["expires_at"].replace("Z", "+00:00")).timestamp()
            async with http.get("/app/repositories", headers={"Authorization": f"Bearer {token}"}) as response:
                seen.append((await response.json())["repositories"])
    return seen


def run(base):
    return asyncio.run(main(base))
