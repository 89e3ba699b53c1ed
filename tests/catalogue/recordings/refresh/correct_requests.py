"""
flow: refresh with rotation
library: requests
"""
import base64
import hashlib
import os
import secrets
import time
from urllib.parse import parse_qs, urlsplit

import requests


class Account:
    def __init__(self, base):
        self.base = base
        self.client_id = os.environ["APP_CLIENT_ID"]
        self.store = {}

    def login(self):
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        with requests.Session() as browser:
            landed = browser.get(
                f"{self.base.issuer}/auth",
                params={
                    "client_id": self.client_id,
                    "response_type": "code",
                    "scope": "openid offline_access profile:read",
                    "prompt": "consent",
                    "redirect_uri": f"{self.base.api}/callback",
                    "state": secrets.token_urlsafe(16),
                    "code_challenge": challenge,
                    "code_challenge_method": "S256",
                },
            )
        self.take(
            {
                "grant_type": "authorization_code",
                "code": parse_qs(urlsplit(landed.url).query)["code"][0],
                "redirect_uri": f"{self.base.api}/callback",
                "code_verifier": verifier,
            }
        )

    def take(self, form):
        response = requests.post(f"{self.base.issuer}/token", data={**form, "client_id": self.client_id})
        response.raise_for_status()
        token = response.json()
        self.store.update(token, until=time.time() + token["expires_in"])

    def me(self):
        if time.time() > self.store["until"] - 30:
            self.take({"grant_type": "refresh_token", "refresh_token": self.store["refresh_token"]})
        response = requests.get(
            f"{self.base.api}/me", headers={"Authorization": f"Bearer {self.store['access_token']}"}
        )
        response.raise_for_status()
        return response.json()["user"]


def run(base):
    account = Account(base)
    account.login()
    users = [account.me()]
    for _ in range(2):
        time.sleep(3600)
        users.append(account.me())
    return users
