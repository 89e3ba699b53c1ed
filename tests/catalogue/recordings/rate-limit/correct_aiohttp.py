"""
flow: rate limit with Retry-After
library: aiohttp
allowed: GET /search 429 rate_limited
"""
import asyncio
import os

import aiohttp


async def search(http, page):
    while True:
        async with http.get("/search", params={"page": page}) as response:
            if response.status == 429:
                await asyncio.sleep(int(response.headers["Retry-After"]))
                continue
            response.raise_for_status()
            return (await response.json())["hits"]


async def main(base):
    headers = {"X-Api-Key": os.environ["CATALOG_API_KEY"]}
    async with aiohttp.ClientSession(base_url=base.api, headers=headers) as http:
        return sum([len(await search(http, page)) for page in range(1, 7)])


def run(base):
    return asyncio.run(main(base))
