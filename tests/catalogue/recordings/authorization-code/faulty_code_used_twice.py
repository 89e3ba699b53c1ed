"""
flow: authorization code with PKCE
library: requests
fault: the page of the callback is loaded twice, and each time the code is exchanged
live: POST /token 400 invalid_grant
"""
import base64
import hashlib
import os
import secrets
from urllib.parse import parse_qs, urlsplit

import requests


def run(base):
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with requests.Session() as browser:
        landed = browser.get(
            f"{base.issuer}/auth",
            params={
                "client_id": os.environ["WEB_CLIENT_ID"],
                "response_type": "code",
                "scope": "openid profile:read",
                "redirect_uri": f"{base.api}/callback",
                "state": "x" * 16,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            },
        )

    def handle_callback(url):
        response = requests.post(
            f"{base.issuer}/token",
            data={
                "grant_type": "authorization_code",
                "code": parse_qs(urlsplit(url).query)["code"][0],
                "redirect_uri": f"{base.api}/callback",
                "code_verifier": verifier,
            },
            auth=(os.environ["WEB_CLIENT_ID"], os.environ["WEB_CLIENT_SECRET"]),
        )
        return response.json().get("access_token")

    handle_callback(landed.url)
    token = handle_callback(landed.url)
    me = requests.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token}"})
    me.raise_for_status()
    return me.json()
