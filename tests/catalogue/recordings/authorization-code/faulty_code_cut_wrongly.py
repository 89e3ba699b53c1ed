"""
flow: authorization code with PKCE
library: requests
fault: the code is whatever follows code=, with the parameters behind it
live: POST /token 400 invalid_grant
"""
import base64
import hashlib
import os
import secrets

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
                "state": secrets.token_urlsafe(16),
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            },
        )
    code = landed.url.split("code=")[1]
    issued = requests.post(
        f"{base.issuer}/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{base.api}/callback",
            "code_verifier": verifier,
        },
        auth=(os.environ["WEB_CLIENT_ID"], os.environ["WEB_CLIENT_SECRET"]),
    )
    issued.raise_for_status()
    return requests.get(f"{base.api}/me", headers={"Authorization": f"Bearer {issued.json()['access_token']}"}).json()
