"""
flow: client credentials, opaque token revoked early
library: requests
allowed: GET /balance 401 invalid_token
"""
import os

import requests


class Ledger:
    def __init__(self, base):
        self.base = base
        self.token = None

    def login(self):
        response = requests.post(
            f"{self.base.issuer}/token",
            data={
                "grant_type": "client_credentials",
                "scope": "ledger:read",
                "client_id": os.environ["LEDGER_CLIENT_ID"],
                "client_secret": os.environ["LEDGER_CLIENT_SECRET"],
            },
        )
        response.raise_for_status()
        self.token = response.json()["access_token"]

    def call(self, method, path):
        if self.token is None:
            self.login()
        response = requests.request(method, self.base.api + path, headers={"Authorization": f"Bearer {self.token}"})
        if response.status_code == 401:
            self.login()
            response = requests.request(method, self.base.api + path, headers={"Authorization": f"Bearer {self.token}"})
        response.raise_for_status()
        return response.json()


def run(base):
    ledger = Ledger(base)
    before = ledger.call("GET", "/balance")
    ledger.call("POST", "/credentials/rotate")  # revokes every token of this client
    return before == ledger.call("GET", "/balance")
