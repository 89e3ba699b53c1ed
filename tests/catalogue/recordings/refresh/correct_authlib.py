"""
flow: refresh with rotation
library: authlib
"""
import os
import secrets
import time

import requests
from authlib.integrations.requests_client import OAuth2Session

STORE = {}


def save(token, refresh_token=None, access_token=None):
    STORE["token"] = token


def session(base):
    return OAuth2Session(
        os.environ["APP_CLIENT_ID"],
        scope="openid offline_access profile:read",
        redirect_uri=f"{base.api}/callback",
        code_challenge_method="S256",
        token_endpoint=f"{base.issuer}/token",
        token_endpoint_auth_method="none",
        token=STORE.get("token"),
        update_token=save,
    )


def run(base):
    verifier = secrets.token_urlsafe(48)
    with session(base) as client, requests.Session() as browser:
        url, state = client.create_authorization_url(f"{base.issuer}/auth", code_verifier=verifier, prompt="consent")
        landed = browser.get(url)
        save(client.fetch_token(authorization_response=landed.url, state=state, code_verifier=verifier))
    users = []
    for pause in (0, 3600, 3600):
        time.sleep(pause)
        with session(base) as client:  # each job makes its own, from what is stored
            response = client.get(f"{base.api}/me")
            response.raise_for_status()
            users.append(response.json()["user"])
    return users
