"""
flow: authorization code with PKCE
library: authlib
fault: the redirect URI of the exchange has a slash at its end, the one of the login has not
live: POST /token 400 invalid_grant
"""
import os
import secrets

import requests
from authlib.integrations.requests_client import OAuth2Session


def session(redirect_uri):
    return OAuth2Session(
        os.environ["WEB_CLIENT_ID"],
        os.environ["WEB_CLIENT_SECRET"],
        scope="openid profile:read",
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )


def run(base):
    verifier = secrets.token_urlsafe(48)
    url, state = session(f"{base.api}/callback").create_authorization_url(f"{base.issuer}/auth", code_verifier=verifier)
    landed = requests.Session().get(url)
    client = session(f"{base.api}/callback/")
    client.fetch_token(f"{base.issuer}/token", authorization_response=landed.url, state=state, code_verifier=verifier)
    return client.get(f"{base.api}/me").json()
