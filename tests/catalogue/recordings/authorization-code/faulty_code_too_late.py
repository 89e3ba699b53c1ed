"""
flow: authorization code with PKCE
library: requests-oauthlib
fault: the callback goes to a queue whose worker runs every five minutes; codes live for one
live: POST /token 400 invalid_grant
"""
import os
import time

import requests
from requests_oauthlib import OAuth2Session

os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"


def run(base):
    client = OAuth2Session(
        os.environ["WEB_CLIENT_ID"], redirect_uri=f"{base.api}/callback", scope=["openid", "profile:read"], pkce="S256"
    )
    url, _ = client.authorization_url(f"{base.issuer}/auth")
    queue = [requests.Session().get(url).url]
    time.sleep(300)
    client.fetch_token(
        f"{base.issuer}/token", authorization_response=queue.pop(), client_secret=os.environ["WEB_CLIENT_SECRET"]
    )
    return client.get(f"{base.api}/me").json()
