"""
flow: client credentials
library: requests-oauthlib
"""
import os
import time

from oauthlib.oauth2 import BackendApplicationClient, TokenExpiredError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

SCOPE = ["orders:read", "orders:write"]


class Shop:
    def __init__(self, base):
        self.base = base
        self.client_id = os.environ["SHOP_CLIENT_ID"]
        self.login()

    def login(self):
        self.session = OAuth2Session(client=BackendApplicationClient(client_id=self.client_id, scope=SCOPE))
        auth = HTTPBasicAuth(self.client_id, os.environ["SHOP_CLIENT_SECRET"])
        self.session.fetch_token(f"{self.base.issuer}/token", auth=auth)

    def call(self, method, path, **kwargs):
        try:
            response = self.session.request(method, self.base.api + path, **kwargs)
        except TokenExpiredError:
            self.login()
            response = self.session.request(method, self.base.api + path, **kwargs)
        response.raise_for_status()
        return response.json()


def run(base):
    shop = Shop(base)
    orders = shop.call("GET", "/orders")["orders"]
    time.sleep(3600)
    return len(orders), shop.call("POST", "/orders", json={"total": "7.50"})["id"]
