"""
flow: authorization code with PKCE
library: requests
"""
import base64
import hashlib
import os
import secrets
from urllib.parse import parse_qs, urlsplit

import requests


def run(base):
    callback = f"{base.api}/callback"
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    state = secrets.token_urlsafe(16)
    with requests.Session() as browser:
        landed = browser.get(
            f"{base.issuer}/auth",
            params={
                "client_id": os.environ["WEB_CLIENT_ID"],
                "response_type": "code",
                "scope": "openid profile:read",
                "redirect_uri": callback,
                "state": state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            },
        )
    answer = parse_qs(urlsplit(landed.url).query)
    if answer["state"] != [state]:
        raise RuntimeError("state differs")
    issued = requests.post(
        f"{base.issuer}/token",
        data={
            "grant_type": "authorization_code",
            "code": answer["code"][0],
            "redirect_uri": callback,
            "code_verifier": verifier,
        },
        auth=(os.environ["WEB_CLIENT_ID"], os.environ["WEB_CLIENT_SECRET"]),
    )
    issued.raise_for_status()
    me = requests.get(f"{base.api}/me", headers={"Authorization": f"Bearer {issued.json()['access_token']}"})
    me.raise_for_status()
    return me.json()
