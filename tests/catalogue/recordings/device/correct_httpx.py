"""
flow: device code
library: httpx
allowed: POST /token 400 authorization_pending
"""
import asyncio
import os

import httpx

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def main(base):
    async with httpx.AsyncClient() as client:
        form = {"client_id": os.environ["TV_CLIENT_ID"], "scope": "openid profile:read"}
        device = (await client.post(f"{base.issuer}/device/auth", data=form)).raise_for_status().json()
        form = {"client_id": os.environ["TV_CLIENT_ID"], "device_code": device["device_code"], "grant_type": GRANT}
        while True:
            await asyncio.sleep(device.get("interval", 5))
            answer = await client.post(f"{base.issuer}/token", data=form)
            if answer.is_success:
                break
            if answer.json()["error"] != "authorization_pending":
                answer.raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return (await client.get(f"{base.api}/me", headers=headers)).raise_for_status().json()


def run(base):
    return asyncio.run(main(base))
