"""
flow: client credentials
library: aiohttp
"""
import asyncio
import os
import time

import aiohttp


class Shop:
    def __init__(self, http, base):
        self.http = http
        self.base = base
        self.token = None
        self.expires_at = 0.0

    async def headers(self):
        if time.time() >= self.expires_at - 60:
            auth = aiohttp.BasicAuth(os.environ["SHOP_CLIENT_ID"], os.environ["SHOP_CLIENT_SECRET"])
            form = {"grant_type": "client_credentials", "scope": "orders:read orders:write"}
            async with self.http.post(f"{self.base.issuer}/token", data=form, auth=auth) as response:
                response.raise_for_status()
                token = await response.json()
            self.token = token["access_token"]
            self.expires_at = time.time() + token["expires_in"]
        return {"Authorization": f"Bearer {self.token}"}

    async def orders(self):
        async with self.http.get(f"{self.base.api}/orders", headers=await self.headers()) as response:
            response.raise_for_status()
            return (await response.json())["orders"]

    async def create(self, order):
        async with self.http.post(f"{self.base.api}/orders", json=order, headers=await self.headers()) as response:
            response.raise_for_status()
            return await response.json()


async def main(base):
    async with aiohttp.ClientSession() as http:
        shop = Shop(http, base)
        orders = await shop.orders()
        await asyncio.sleep(3600)
        created = await shop.create({"total": "7.50"})
        return len(orders), created["id"]


def run(base):
    return asyncio.run(main(base))
