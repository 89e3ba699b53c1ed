"""
flow: refresh with rotation
library: httpx
fault: the refresh sends the access token
live: POST /token 400 invalid_grant
"""
import base64
import hashlib
import os
import secrets
import time

import httpx


def run(base):
    client_id = os.environ["APP_CLIENT_ID"]
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    with httpx.Client(follow_redirects=True) as client:
        landed = client.get(
            f"{base.issuer}/auth",
            params={
                "client_id": client_id,
                "response_type": "code",
                "scope": "openid offline_access profile:read",
                "prompt": "consent",
                "redirect_uri": f"{base.api}/callback",
                "state": secrets.token_hex(8),
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            },
        )
        form = {
            "grant_type": "authorization_code",
            "code": landed.url.params["code"],
            "redirect_uri": f"{base.api}/callback",
            "code_verifier": verifier,
            "client_id": client_id,
        }
        token = client.post(f"{base.issuer}/token", data=form).raise_for_status().json()["access_token"]
        first = client.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token}"}).json()["user"]
        time.sleep(3600)
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id}
        token = client.post(f"{base.issuer}/token", data=form).raise_for_status().json()["access_token"]
        return [first, client.get(f"{base.api}/me", headers={"Authorization": f"Bearer {token}"}).json()["user"]]
