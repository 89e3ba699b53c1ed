"""
flow: refresh with rotation
library: authlib
fault: no update_token, so each job starts from the token that was stored at the login
live: POST /token 400 invalid_grant
"""
import os
import secrets
import time

import requests
from authlib.integrations.requests_client import OAuth2Session


def session(base, token=None):
    return OAuth2Session(
        os.environ["APP_CLIENT_ID"],
        scope="openid offline_access profile:read",
        redirect_uri=f"{base.api}/callback",
        code_challenge_method="S256",
        token_endpoint=f"{base.issuer}/token",
        token_endpoint_auth_method="none",
        token=token,
    )


def run(base):
    verifier = secrets.token_urlsafe(48)
    client = session(base)
    url, state = client.create_authorization_url(f"{base.issuer}/auth", code_verifier=verifier, prompt="consent")
    landed = requests.Session().get(url)
    stored = dict(client.fetch_token(authorization_response=landed.url, state=state, code_verifier=verifier))
    users = []
    for pause in (0, 3600, 3600):
        time.sleep(pause)
        response = session(base, dict(stored)).get(f"{base.api}/me")
        response.raise_for_status()
        users.append(response.json()["user"])
    return users
