"""
flow: client credentials
library: httpx
fault: the scopes are joined by a comma; the provider drops what it does not know, and the token is good for nothing
live: GET /orders 403 insufficient_scope
"""
import os

import httpx

SCOPES = ["orders:read", "orders:write"]


def run(base):
    with httpx.Client() as client:
        token = client.post(
            f"{base.issuer}/token",
            data={"grant_type": "client_credentials", "scope": ",".join(SCOPES)},
            auth=(os.environ["SHOP_CLIENT_ID"], os.environ["SHOP_CLIENT_SECRET"]),
        ).json()["access_token"]
        response = client.get(f"{base.api}/orders", headers={"Authorization": f"Bearer {token}"})
        response.raise_for_status()
        return len(response.json()["orders"])
