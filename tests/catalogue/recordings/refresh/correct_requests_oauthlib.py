"""
flow: refresh with rotation
library: requests-oauthlib
"""
import os
import time

import requests
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
STORE = {}


def save(token):
    STORE["token"] = token


def session(base):
    client_id = os.environ["APP_CLIENT_ID"]
    return OAuth2Session(
        client_id,
        redirect_uri=f"{base.api}/callback",
        scope=["openid", "offline_access", "profile:read"],
        pkce="S256",
        token=STORE.get("token"),
        auto_refresh_url=f"{base.issuer}/token",
        auto_refresh_kwargs={"client_id": client_id},
        token_updater=save,
    )


def run(base):
    with session(base) as client, requests.Session() as browser:
        url, _ = client.authorization_url(f"{base.issuer}/auth", prompt="consent")
        landed = browser.get(url)
        save(client.fetch_token(f"{base.issuer}/token", authorization_response=landed.url, include_client_id=True))
    users = []
    for pause in (0, 3600, 3600):
        time.sleep(pause)
        with session(base) as client:
            response = client.get(f"{base.api}/me")
            response.raise_for_status()
            users.append(response.json()["user"])
    return users
