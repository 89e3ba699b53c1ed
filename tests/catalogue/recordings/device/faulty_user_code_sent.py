"""
flow: device code
library: requests
fault: the poll sends the code that is meant for the user
live: POST /token 400 invalid_grant
"""
import os
import time

import requests


def run(base):
    client_id = os.environ["TV_CLIENT_ID"]
    device = requests.post(
        f"{base.issuer}/device/auth", data={"client_id": client_id, "scope": "openid profile:read"}
    ).json()
    for _ in range(3):
        time.sleep(5)
        response = requests.post(
            f"{base.issuer}/token",
            data={
                "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
                "device_code": device["user_code"],
                "client_id": client_id,
            },
        )
        if response.ok:
            break
    token = response.json()["access_token"]
    return requests.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token}"}).json()
