"""
flow: token across a redirect to another origin
library: aiohttp
fault: aiohttp drops the token when it follows a redirect to another origin
live: GET /download/7 401 missing_token
"""
import asyncio
import os

import aiohttp


async def main(base):
    headers = {"Authorization": f"Bearer {os.environ['FILES_TOKEN']}"}
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{base.api}/files/7", headers=headers) as response:
            return (await response.json()).get("bytes")


def run(base):
    return asyncio.run(main(base))
