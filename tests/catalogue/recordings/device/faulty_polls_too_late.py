"""
flow: device code
library: requests
fault: waits a quarter of an hour for the user before it asks for the first time
live: POST /token 400 expired_token
"""
import os
import time

import requests


def run(base):
    client_id = os.environ["TV_CLIENT_ID"]
    device = requests.post(
        f"{base.issuer}/device/auth", data={"client_id": client_id, "scope": "openid profile:read"}
    ).json()
    time.sleep(15 * 60)
    response = requests.post(
        f"{base.issuer}/token",
        data={
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": device["device_code"],
            "client_id": client_id,
        },
    )
    response.raise_for_status()
    token = response.json()["access_token"]
    return requests.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token}"}).json()
