"""
flow: client credentials
library: httpx
fault: the token is asked for with the scope to read only, and used to write
live: POST /orders 403 insufficient_scope
"""
import os
import time

import httpx


def token(base):
    response = httpx.post(
        f"{base.issuer}/token",
        data={"grant_type": "client_credentials", "scope": "orders:read"},
        auth=(os.environ["SHOP_CLIENT_ID"], os.environ["SHOP_CLIENT_SECRET"]),
    )
    response.raise_for_status()
    return response.json()["access_token"]


def run(base):
    with httpx.Client(base_url=base.api) as client:
        orders = client.get("/orders", headers={"Authorization": f"Bearer {token(base)}"}).json()["orders"]
        time.sleep(3600)
        created = client.post("/orders", json={"total": "7.50"}, headers={"Authorization": f"Bearer {token(base)}"})
        created.raise_for_status()
    return len(orders), created.json()["id"]
