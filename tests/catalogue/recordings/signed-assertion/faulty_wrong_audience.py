"""
flow: client credentials, client proves itself by a signed JWT
library: authlib
fault: the assertion is made out to the API instead of the provider
live: POST /token 401 invalid_client
"""
import os

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT


def run(base):
    with OAuth2Session(
        os.environ["SIGNER_CLIENT_ID"],
        os.environ["SIGNER_CLIENT_SECRET"],
        scope="orders:read",
        token_endpoint_auth_method=ClientSecretJWT(base.api),
    ) as client:
        client.fetch_token(f"{base.issuer}/token", grant_type="client_credentials")
        response = client.get(f"{base.api}/orders")
        response.raise_for_status()
        return len(response.json()["orders"])
