"""
flow: Basic
library: aiohttp
fault: aiohttp's BasicAuth encodes as Latin-1 unless told otherwise
live: GET /reports 401 wrong_credentials
"""
import asyncio
import os

import aiohttp


async def main(base):
    auth = aiohttp.BasicAuth(os.environ["REPORTS_USER"], os.environ["REPORTS_PASSWORD"])
    async with aiohttp.ClientSession(base_url=base.api, auth=auth, raise_for_status=True) as http:
        async with http.get("/reports") as response:
            return (await response.json())["reports"]


def run(base):
    return asyncio.run(main(base))
