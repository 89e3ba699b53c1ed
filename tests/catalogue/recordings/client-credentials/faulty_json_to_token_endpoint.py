"""
flow: client credentials
library: aiohttp
fault: the token endpoint gets JSON instead of a form
live: POST /token 400 invalid_request
"""
import asyncio
import os

import aiohttp


async def main(base):
    async with aiohttp.ClientSession() as http:
        async with http.post(
            f"{base.issuer}/token",
            json={"grant_type": "client_credentials", "scope": "orders:read orders:write"},
            auth=aiohttp.BasicAuth(os.environ["SHOP_CLIENT_ID"], os.environ["SHOP_CLIENT_SECRET"]),
        ) as response:
            token = (await response.json()).get("access_token")
        async with http.get(f"{base.api}/orders", headers={"Authorization": f"Bearer {token}"}) as response:
            return len((await response.json()).get("orders", []))


def run(base):
    return asyncio.run(main(base))
