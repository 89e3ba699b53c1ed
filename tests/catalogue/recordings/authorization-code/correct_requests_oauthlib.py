"""
flow: authorization code with PKCE
library: requests-oauthlib
"""
import os

import requests
from requests_oauthlib import OAuth2Session

# The provider answers with the scopes of the API only.
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"


def run(base):
    with OAuth2Session(
        os.environ["WEB_CLIENT_ID"],
        redirect_uri=f"{base.api}/callback",
        scope=["openid", "profile:read"],
        pkce="S256",
    ) as client, requests.Session() as browser:
        url, _ = client.authorization_url(f"{base.issuer}/auth")
        landed = browser.get(url)
        client.fetch_token(
            f"{base.issuer}/token",
            authorization_response=landed.url,
            client_secret=os.environ["WEB_CLIENT_SECRET"],
        )
        me = client.get(f"{base.api}/me")
        me.raise_for_status()
        return me.json()
