"""
flow: authorization code with PKCE
library: httpx
fault: the API gets the ID token
live: GET /me 401 invalid_token
"""
import base64
import hashlib
import os
import secrets

import httpx


def run(base):
    verifier = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    params = {
        "client_id": os.environ["WEB_CLIENT_ID"],
        "response_type": "code",
        "scope": "openid profile:read",
        "redirect_uri": f"{base.api}/callback",
        "state": secrets.token_hex(8),
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    with httpx.Client(follow_redirects=True) as client:
        landed = client.get(f"{base.issuer}/auth", params=params)
        token = client.post(
            f"{base.issuer}/token",
            data={
                "grant_type": "authorization_code",
                "code": landed.url.params["code"],
                "redirect_uri": f"{base.api}/callback",
                "code_verifier": verifier,
            },
            auth=(os.environ["WEB_CLIENT_ID"], os.environ["WEB_CLIENT_SECRET"]),
        ).raise_for_status().json()
        me = client.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token['id_token']}"})
        return me.raise_for_status().json()
