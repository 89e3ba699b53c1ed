"""
flow: client credentials
library: requests
fault: the session's header is set when the session is made; the new token never gets into it
live: POST /orders 401 invalid_token
"""
import os
import time

import requests


class Client:
    def __init__(self, base):
        self.base = base
        self.session = requests.Session()
        self.token = {}
        self.ensure_token()
        self.session.headers["Authorization"] = f"Bearer {self.token['access_token']}"

    def ensure_token(self):
        if self.token.get("expires_at", 0) < time.time() + 10:
            response = requests.post(
                f"{self.base.issuer}/token",
                data={"grant_type": "client_credentials", "scope": "orders:read orders:write"},
                auth=(os.environ["SHOP_CLIENT_ID"], os.environ["SHOP_CLIENT_SECRET"]),
            )
            response.raise_for_status()
            self.token = response.json()
            self.token["expires_at"] = time.time() + self.token["expires_in"]

    def request(self, method, path, **kwargs):
        self.ensure_token()
        response = self.session.request(method, self.base.api + path, **kwargs)
        response.raise_for_status()
        return response.json()


def run(base):
    client = Client(base)
    orders = client.request("GET", "/orders")["orders"]
    time.sleep(3600)
    return len(orders), client.request("POST", "/orders", json={"total": "7.50"})["id"]
