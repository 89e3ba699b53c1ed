"""
flow: session cookie and CSRF token
library: aiohttp
fault: the form is put together without quoting, and the password has an ampersand
live: POST /login 401 wrong_password
"""
import asyncio
import os
import re

import aiohttp


async def main(base):
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(base_url=base.api, cookie_jar=jar, raise_for_status=True) as http:
        async with http.get("/login") as response:
            csrf = re.search(r'name="csrf_token" value="([^"]+)"', await response.text())[1]
        user, password = os.environ["FORUM_USER"], os.environ["FORUM_PASSWORD"]
        body = f"user={user}&password={password}&csrf_token={csrf}"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with http.post("/login", data=body, headers=headers) as response:
            return (await response.text()).count("<li>")


def run(base):
    return asyncio.run(main(base))
