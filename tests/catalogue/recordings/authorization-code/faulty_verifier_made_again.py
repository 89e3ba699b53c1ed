"""
flow: authorization code with PKCE
library: requests
fault: the verifier is a property that makes a new one each time it is read
live: POST /token 400 invalid_grant
"""
import base64
import hashlib
import os
import secrets
from urllib.parse import parse_qs, urlsplit

import requests


class Login:
    def __init__(self, base):
        self.base = base
        self.redirect_uri = f"{base.api}/callback"

    @property
    def verifier(self):
        return secrets.token_urlsafe(48)

    def authorize(self):
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        with requests.Session() as browser:
            landed = browser.get(
                f"{self.base.issuer}/auth",
                params={
                    "client_id": os.environ["WEB_CLIENT_ID"],
                    "response_type": "code",
                    "scope": "openid profile:read",
                    "redirect_uri": self.redirect_uri,
                    "state": secrets.token_urlsafe(8),
                    "code_challenge": challenge,
                    "code_challenge_method": "S256",
                },
            )
        return parse_qs(urlsplit(landed.url).query)["code"][0]

    def exchange(self, code):
        response = requests.post(
            f"{self.base.issuer}/token",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": self.verifier,
            },
            auth=(os.environ["WEB_CLIENT_ID"], os.environ["WEB_CLIENT_SECRET"]),
        )
        response.raise_for_status()
        return response.json()["access_token"]


def run(base):
    login = Login(base)
    token = login.exchange(login.authorize())
    return requests.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token}"}).json()
