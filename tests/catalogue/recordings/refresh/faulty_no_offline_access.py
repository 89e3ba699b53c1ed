"""
flow: refresh with rotation
library: httpx
fault: offline_access is not asked for, so there is no refresh token, and None is sent
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
    users = []
    with httpx.Client(follow_redirects=True) as client:
        landed = client.get(
            f"{base.issuer}/auth",
            params={
                "client_id": client_id,
                "response_type": "code",
                "scope": "openid profile:read",
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
        tokens = client.post(f"{base.issuer}/token", data=form).raise_for_status().json()
        for pause in (0, 3600, 3600):
            time.sleep(pause)
            if pause:
                form = {
                    "grant_type": "refresh_token",
                    "refresh_token": str(tokens.get("refresh_token")),
                    "client_id": client_id,
                }
                tokens = client.post(f"{base.issuer}/token", data=form).raise_for_status().json()
            response = client.get(f"{base.api}/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
            users.append(response.raise_for_status().json()["user"])
    return users
