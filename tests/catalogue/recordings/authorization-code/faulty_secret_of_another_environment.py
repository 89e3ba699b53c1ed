"""
flow: authorization code with PKCE
library: requests-oauthlib
fault: the secret of the worker is sent with the id of the web application
live: POST /token 401 invalid_client
"""
import os

import requests
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"


def run(base):
    client = OAuth2Session(
        os.environ["WEB_CLIENT_ID"], redirect_uri=f"{base.api}/callback", scope=["openid", "profile:read"], pkce="S256"
    )
    url, _ = client.authorization_url(f"{base.issuer}/auth")
    landed = requests.Session().get(url)
    client.fetch_token(
        f"{base.issuer}/token", authorization_response=landed.url, client_secret=os.environ["SHOP_CLIENT_SECRET"]
    )
    return client.get(f"{base.api}/me").json()
