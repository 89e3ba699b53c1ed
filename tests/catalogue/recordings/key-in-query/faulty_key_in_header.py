"""
flow: API key in the query
library: aiohttp
fault: the key is sent in a header, as the vendor's other API wants it
live: GET /geocode 401 missing_key
"""
import asyncio
import os

import aiohttp


async def main(base):
    async with aiohttp.ClientSession(headers={"X-Api-Key": os.environ["MAPS_API_KEY"]}) as http:
        async with http.get(f"{base.api}/geocode", params={"q": "Berlin"}) as response:
            return (await response.json())["lat"]


def run(base):
    return asyncio.run(main(base))
