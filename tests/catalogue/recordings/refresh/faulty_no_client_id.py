"""
flow: refresh with rotation
library: requests-oauthlib
fault: a public client's refresh leaves its client_id out
live: POST /token 400 invalid_request
"""
import os
import time

import requests
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"


def run(base):
    client = OAuth2Session(
        os.environ["APP_CLIENT_ID"],
        redirect_uri=f"{base.api}/callback",
        scope=["openid", "offline_access", "profile:read"],
        pkce="S256",
        auto_refresh_url=f"{base.issuer}/token",
        token_updater=lambda token: None,
    )
    url, _ = client.authorization_url(f"{base.issuer}/auth", prompt="consent")
    landed = requests.Session().get(url)
    client.fetch_token(f"{base.issuer}/token", authorization_response=landed.url, include_client_id=True)
    users = []
    for pause in (0, 3600, 3600):
        time.sleep(pause)
        response = client.get(f"{base.api}/me")
        response.raise_for_status()
        users.append(response.json()["user"])
    return users
