"""
flow: refresh with rotation
library: requests
fault: of what a refresh gives only the access token is stored
live: POST /token 400 invalid_grant
"""
import base64
import hashlib
import os
import secrets
import time
from urllib.parse import parse_qs, urlsplit

import requests


def login(base):
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with requests.Session() as browser:
        landed = browser.get(
            f"{base.issuer}/auth",
            params={
                "client_id": os.environ["APP_CLIENT_ID"],
                "response_type": "code",
                "scope": "openid offline_access profile:read",
                "prompt": "consent",
                "redirect_uri": f"{base.api}/callback",
                "state": secrets.token_urlsafe(16),
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            },
        )
    return token(
        base,
        grant_type="authorization_code",
        code=parse_qs(urlsplit(landed.url).query)["code"][0],
        redirect_uri=f"{base.api}/callback",
        code_verifier=verifier,
    )


def token(base, **form):
    response = requests.post(f"{base.issuer}/token", data={**form, "client_id": os.environ["APP_CLIENT_ID"]})
    response.raise_for_status()
    return response.json()


def run(base):
    saved = login(base)
    users = []
    for pause in (0, 3600, 3600):
        time.sleep(pause)
        if pause:
            answer = token(base, grant_type="refresh_token", refresh_token=saved["refresh_token"])
            saved["access_token"] = answer["access_token"]
        response = requests.get(f"{base.api}/me", headers={"Authorization": f"Bearer {saved['access_token']}"})
        response.raise_for_status()
        users.append(response.json()["user"])
    return users
