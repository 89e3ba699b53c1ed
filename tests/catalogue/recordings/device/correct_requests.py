"""
flow: device code
library: requests
allowed: POST /token 400 authorization_pending
"""
import os
import time

import requests


def run(base):
    client_id = os.environ["TV_CLIENT_ID"]
    response = requests.post(
        f"{base.issuer}/device/auth", data={"client_id": client_id, "scope": "openid profile:read"}
    )
    response.raise_for_status()
    device = response.json()
    until = time.time() + device["expires_in"]
    interval = device.get("interval", 5)
    print("Go to", device["verification_uri"], "and enter", device["user_code"])
    while time.time() < until:
        time.sleep(interval)
        response = requests.post(
            f"{base.issuer}/token",
            data={
                "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
                "device_code": device["device_code"],
                "client_id": client_id,
            },
        )
        if response.ok:
            break
        error = response.json()["error"]
        if error == "slow_down":
            interval += 5
        elif error != "authorization_pending":
            raise RuntimeError(error)
    me = requests.get(f"{base.api}/me", headers={"Authorization": f"Bearer {response.json()['access_token']}"})
    me.raise_for_status()
    return me.json()
