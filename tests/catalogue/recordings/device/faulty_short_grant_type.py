"""
flow: device code
library: httpx
fault: the grant type is the short word instead of the URN
live: POST /token 400 unsupported_grant_type
"""
import asyncio
import os

import httpx


async def main(base):
    async with httpx.AsyncClient() as client:
        form = {"client_id": os.environ["TV_CLIENT_ID"], "scope": "openid profile:read"}
        device = (await client.post(f"{base.issuer}/device/auth", data=form)).json()
        form = {
            "client_id": os.environ["TV_CLIENT_ID"],
            "device_code": device["device_code"],
            "grant_type": "device_code",
        }
        for _ in range(3):
            await asyncio.sleep(5)
            answer = await client.post(f"{base.issuer}/token", data=form)
            if answer.is_success:
                break
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return (await client.get(f"{base.api}/me", headers=headers)).json()


def run(base):
    return asyncio.run(main(base))
