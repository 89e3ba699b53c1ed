"""
flow: client credentials, client proves itself by a signed JWT
library: authlib
"""
import os
import time

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT


def run(base):
    token_url = f"{base.issuer}/token"
    counts = []
    for _ in range(2):
        with OAuth2Session(
            os.environ["SIGNER_CLIENT_ID"],
            os.environ["SIGNER_CLIENT_SECRET"],
            scope="orders:read",
            token_endpoint_auth_method=ClientSecretJWT(base.issuer),
        ) as client:
            client.fetch_token(token_url, grant_type="client_credentials")
            response = client.get(f"{base.api}/orders")
            response.raise_for_status()
            counts.append(len(response.json()["orders"]))
        time.sleep(3600)
    return counts
