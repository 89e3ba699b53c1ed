"""
flow: authorization code with PKCE
library: authlib
"""
import os
import secrets

import requests
from authlib.integrations.requests_client import OAuth2Session


def run(base):
    verifier = secrets.token_urlsafe(48)
    with OAuth2Session(
        os.environ["WEB_CLIENT_ID"],
        os.environ["WEB_CLIENT_SECRET"],
        scope="openid profile:read",
        redirect_uri=f"{base.api}/callback",
        code_challenge_method="S256",
    ) as client, requests.Session() as browser:
        url, state = client.create_authorization_url(f"{base.issuer}/auth", code_verifier=verifier)
        landed = browser.get(url)
        client.fetch_token(
            f"{base.issuer}/token", authorization_response=landed.url, state=state, code_verifier=verifier
        )
        me = client.get(f"{base.api}/me")
        me.raise_for_status()
        return me.json()
