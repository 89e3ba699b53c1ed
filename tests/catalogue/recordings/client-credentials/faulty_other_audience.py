"""
flow: client credentials
library: authlib
fault: the token is asked for another resource than the one it is sent to
live: GET /orders 401 invalid_token
"""
import os

from authlib.integrations.requests_client import OAuth2Session


def run(base):
    client = OAuth2Session(
        os.environ["SHOP_CLIENT_ID"], os.environ["SHOP_CLIENT_SECRET"], scope="orders:read orders:write"
    )
    client.fetch_token(f"{base.issuer}/token", grant_type="client_credentials", resource="urn:ledger")
    response = client.get(f"{base.api}/orders")
    response.raise_for_status()
    return len(response.json()["orders"])
