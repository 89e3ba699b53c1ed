"""
flow: device code
library: aiohttp
fault: a poll that was answered is not noticed, and the device code is sent once more
live: POST /token 400 invalid_grant
allowed: POST /token 400 authorization_pending
"""
import asyncio
import os

import aiohttp


async def main(base):
    client_id = os.environ["TV_CLIENT_ID"]
    async with aiohttp.ClientSession() as http:
        form = {"client_id": client_id, "scope": "openid profile:read"}
        async with http.post(f"{base.issuer}/device/auth", data=form) as response:
            device = await response.json()
        form = {
            "client_id": client_id,
            "device_code": device["device_code"],
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        }
        answers = []
        for _ in range(3):
            await asyncio.sleep(5)
            async with http.post(f"{base.issuer}/token", data=form) as response:
                answers.append(await response.json())
        token = answers[-1]["access_token"]
        async with http.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token}"}) as response:
            return await response.json()


def run(base):
    return asyncio.run(main(base))
