"""
flow: client credentials
library: requests-oauthlib
fault: only the access token is saved between jobs, so the library cannot know that it has expired
live: POST /orders 401 invalid_token
"""
import os
import time

from oauthlib.oauth2 import BackendApplicationClient, TokenExpiredError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

SAVED = {}


def session(base):
    client_id = os.environ["SHOP_CLIENT_ID"]
    client = BackendApplicationClient(client_id=client_id, scope=["orders:read", "orders:write"])
    if "access_token" not in SAVED:
        oauth = OAuth2Session(client=client)
        token = oauth.fetch_token(
            f"{base.issuer}/token", auth=HTTPBasicAuth(client_id, os.environ["SHOP_CLIENT_SECRET"])
        )
        SAVED["access_token"] = token["access_token"]
    return OAuth2Session(client=client, token={"access_token": SAVED["access_token"], "token_type": "Bearer"})


def run(base):
    orders = session(base).get(f"{base.api}/orders").json()["orders"]
    time.sleep(3600)
    try:
        response = session(base).post(f"{base.api}/orders", json={"total": "7.50"})
    except TokenExpiredError:
        SAVED.clear()
        response = session(base).post(f"{base.api}/orders", json={"total": "7.50"})
    response.raise_for_status()
    return len(orders), response.json()["id"]
