"""
flow: rate limit with Retry-After
library: aiohttp
fault: the page that was refused waits as told, the other pages are asked for meanwhile
live: GET /search 429 too_soon
allowed: GET /search 429 rate_limited
"""
import asyncio
import os

import aiohttp


async def search(http, page):
    for _ in range(3):
        async with http.get("/search", params={"page": page}) as response:
            if response.status != 429:
                return (await response.json())["hits"]
            pause = int(response.headers["Retry-After"])
        await asyncio.sleep(pause)
    return []


async def main(base):
    headers = {"X-Api-Key": os.environ["CATALOG_API_KEY"]}
    async with aiohttp.ClientSession(base_url=base.api, headers=headers) as http:
        async with asyncio.TaskGroup() as group:
            pages = [group.create_task(search(http, page)) for page in range(1, 7)]
        return sum(len(page.result()) for page in pages)


def run(base):
    return asyncio.run(main(base))
