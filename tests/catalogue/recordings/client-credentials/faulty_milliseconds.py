"""
flow: client credentials
library: aiohttp
fault: expires_in is taken for milliseconds of a clock in seconds, so the token seems good for days
live: POST /orders 401 invalid_token
"""
import asyncio
import os
import time

import aiohttp


class TokenCache:
    token = None
    expires = 0

    async def get(self, http, base):
        now = time.time()
        if self.token and now < self.expires:
            return self.token
        async with http.post(
            f"{base.issuer}/token",
            data={"grant_type": "client_credentials", "scope": "orders:read orders:write"},
            auth=aiohttp.BasicAuth(os.environ["SHOP_CLIENT_ID"], os.environ["SHOP_CLIENT_SECRET"]),
        ) as response:
            data = await response.json()
        self.token = data["access_token"]
        self.expires = now + data["expires_in"] * 1000
        return self.token


async def main(base):
    cache = TokenCache()
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        headers = {"Authorization": f"Bearer {await cache.get(http, base)}"}
        async with http.get(f"{base.api}/orders", headers=headers) as response:
            orders = (await response.json())["orders"]
        await asyncio.sleep(3600)
        headers = {"Authorization": f"Bearer {await cache.get(http, base)}"}
        async with http.post(f"{base.api}/orders", json={"total": "7.50"}, headers=headers) as response:
            return len(orders), (await response.json())["id"]


def run(base):
    return asyncio.run(main(base))
