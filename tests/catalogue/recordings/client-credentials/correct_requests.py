"""
flow: client credentials
library: requests
"""
import os
import time

import requests


class Tokens:
    def __init__(self, base):
        self.url = f"{base.issuer}/token"
        self.value = None
        self.until = 0.0

    def header(self):
        if time.time() > self.until - 30:
            response = requests.post(
                self.url,
                data={"grant_type": "client_credentials", "scope": "orders:read orders:write"},
                auth=(os.environ["SHOP_CLIENT_ID"], os.environ["SHOP_CLIENT_SECRET"]),
                timeout=10,
            )
            response.raise_for_status()
            issued = response.json()
            self.value, self.until = issued["access_token"], time.time() + issued["expires_in"]
        return {"Authorization": f"Bearer {self.value}"}


def run(base):
    tokens = Tokens(base)
    listed = requests.get(f"{base.api}/orders", headers=tokens.header(), timeout=10)
    listed.raise_for_status()
    time.sleep(3600)  # the next run of the job
    made = requests.post(f"{base.api}/orders", json={"total": "7.50"}, headers=tokens.header(), timeout=10)
    made.raise_for_status()
    return len(listed.json()["orders"]), made.json()["id"]
