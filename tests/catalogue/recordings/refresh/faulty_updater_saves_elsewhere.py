"""
flow: refresh with rotation
library: requests-oauthlib
fault: the updater assigns a local name, so the stored token is never replaced
live: POST /token 400 invalid_grant
"""
import os
import time

import requests
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
stored = None


def save(token):
    stored = token


def session(base):
    client_id = os.environ["APP_CLIENT_ID"]
    return OAuth2Session(
        client_id,
        redirect_uri=f"{base.api}/callback",
        scope=["openid", "offline_access", "profile:read"],
        pkce="S256",
        token=dict(stored) if stored else None,
        auto_refresh_url=f"{base.issuer}/token",
        auto_refresh_kwargs={"client_id": client_id},
        token_updater=save,
    )


def run(base):
    global stored
    client = session(base)
    url, _ = client.authorization_url(f"{base.issuer}/auth", prompt="consent")
    landed = requests.Session().get(url)
    stored = client.fetch_token(f"{base.issuer}/token", authorization_response=landed.url, include_client_id=True)
    users = []
    for pause in (0, 3600, 3600):
        time.sleep(pause)
        response = session(base).get(f"{base.api}/me")
        response.raise_for_status()
        users.append(response.json()["user"])
    return users
