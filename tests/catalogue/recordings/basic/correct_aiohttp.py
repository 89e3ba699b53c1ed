"""
flow: Basic
library: aiohttp
"""
import asyncio
import os

import aiohttp


async def main(base):
    auth = aiohttp.BasicAuth(os.environ["REPORTS_USER"], os.environ["REPORTS_PASSWORD"], encoding="utf-8")
    async with aiohttp.ClientSession(base_url=base.api, auth=auth, raise_for_status=True) as http:
        async with http.get("/reports") as response:
            months = (await response.json())["reports"]
        async with http.post("/reports", json={"month": "2026-12"}) as response:
            return months, await response.json()


def run(base):
    return asyncio.run(main(base))
