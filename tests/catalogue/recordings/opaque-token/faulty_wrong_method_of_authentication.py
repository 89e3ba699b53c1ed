"""
flow: client credentials, opaque token revoked early
library: aiohttp
fault: the client is registered to send its secret in the form, and sends it by Basic
live: POST /token 401 invalid_client
"""
import asyncio
import os

import aiohttp


async def main(base):
    auth = aiohttp.BasicAuth(os.environ["LEDGER_CLIENT_ID"], os.environ["LEDGER_CLIENT_SECRET"])
    async with aiohttp.ClientSession() as http:
        form = {"grant_type": "client_credentials", "scope": "ledger:read"}
        async with http.post(f"{base.issuer}/token", data=form, auth=auth) as response:
            token = (await response.json())["access_token"]
        async with http.get(f"{base.api}/balance", headers={"Authorization": f"Bearer {token}"}) as response:
            return await response.json()


def run(base):
    return asyncio.run(main(base))
