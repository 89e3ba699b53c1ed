"""
flow: authorization code with PKCE
library: authlib
fault: the callback is handled by another session, which knows nothing of the verifier
live: POST /token 400 invalid_grant
"""
import os
import secrets

import requests
from authlib.integrations.requests_client import OAuth2Session


def oauth(base):
    return OAuth2Session(
        os.environ["WEB_CLIENT_ID"],
        os.environ["WEB_CLIENT_SECRET"],
        scope="openid profile:read",
        redirect_uri=f"{base.api}/callback",
        code_challenge_method="S256",
    )


def login(base):
    url, state = oauth(base).create_authorization_url(f"{base.issuer}/auth", code_verifier=secrets.token_urlsafe(48))
    return requests.Session().get(url).url, state


def callback(base, url, state):
    client = oauth(base)
    client.fetch_token(f"{base.issuer}/token", authorization_response=url, state=state)
    return client.get(f"{base.api}/me").json()


def run(base):
    url, state = login(base)
    return callback(base, url, state)
