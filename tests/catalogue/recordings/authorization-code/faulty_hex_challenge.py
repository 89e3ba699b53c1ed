"""
flow: authorization code with PKCE
library: httpx
fault: the challenge is the hexadecimal digest instead of base64url
live: POST /token 400 invalid_grant
"""
import hashlib
import os
import secrets

import httpx


def run(base):
    verifier = secrets.token_urlsafe(32)
    params = {
        "client_id": os.environ["WEB_CLIENT_ID"],
        "response_type": "code",
        "scope": "openid profile:read",
        "redirect_uri": f"{base.api}/callback",
        "state": secrets.token_hex(8),
        "code_challenge": hashlib.sha256(verifier.encode()).hexdigest(),
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
        return client.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token['access_token']}"}).json()
