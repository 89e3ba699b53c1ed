"""
flow: refresh with rotation
library: requests
fault: two workers share a refresh token and both use it when the access token has expired
live: POST /token 400 invalid_grant
"""
import base64
import hashlib
import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import requests


def token(base, **form):
    response = requests.post(f"{base.issuer}/token", data={**form, "client_id": os.environ["APP_CLIENT_ID"]})
    response.raise_for_status()
    return response.json()


def work(base, refresh_token):
    tokens = token(base, grant_type="refresh_token", refresh_token=refresh_token)
    response = requests.get(f"{base.api}/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    response.raise_for_status()
    return response.json()["user"]


def run(base):
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
    tokens = token(
        base,
        grant_type="authorization_code",
        code=parse_qs(urlsplit(landed.url).query)["code"][0],
        redirect_uri=f"{base.api}/callback",
        code_verifier=verifier,
    )
    time.sleep(3600)
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(work, base, tokens["refresh_token"]) for _ in range(2)]
    return [job.result() for job in both]
