"""
flow: client credentials
library: authlib
"""
import os
import time

from authlib.integrations.requests_client import OAuth2Session


def run(base):
    with OAuth2Session(
        os.environ["SHOP_CLIENT_ID"],
        os.environ["SHOP_CLIENT_SECRET"],
        scope="orders:read orders:write",
        token_endpoint=f"{base.issuer}/token",
        grant_type="client_credentials",
    ) as client:
        client.fetch_token()
        listed = client.get(f"{base.api}/orders")
        listed.raise_for_status()
        time.sleep(3600)
        # Authlib asks for a new token by itself: it knows the endpoint and the grant.
        made = client.post(f"{base.api}/orders", json={"total": "7.50"})
        made.raise_for_status()
    return len(listed.json()["orders"]), made.json()["id"]
