"""
flow: client credentials, opaque token revoked early
library: aiohttp
fault: the form has the secret and not the id
live: POST /token 400 invalid_request
"""
import asyncio
import os

import aiohttp


async def main(base):
    async with aiohttp.ClientSession() as http:
        form = {
            "grant_type": "client_credentials",
            "scope": "ledger:read",
            "client_secret": os.environ["LEDGER_CLIENT_SECRET"],
        }
        async with http.post(f"{base.issuer}/token", data=form) as response:
            token = (await response.json())["access_token"]
        async with http.get(f"{base.api}/balance", headers={"Authorization": f"Bearer {token}"}) as response:
            return await response.json()


def run(base):
    return asyncio.run(main(base))
