"""
flow: refresh with rotation
library: httpx
"""
import base64
import hashlib
import os
import secrets
import time

import httpx


def login(client, base):
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    landed = client.get(
        f"{base.issuer}/auth",
        params={
            "client_id": os.environ["APP_CLIENT_ID"],
            "response_type": "code",
            "scope": "openid offline_access profile:read",
            "prompt": "consent",
            "redirect_uri": f"{base.api}/callback",
            "state": secrets.token_hex(8),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        },
        follow_redirects=True,
    )
    return token(
        client,
        base,
        grant_type="authorization_code",
        code=landed.url.params["code"],
        redirect_uri=f"{base.api}/callback",
        code_verifier=verifier,
    )


def token(client, base, **form):
    form["client_id"] = os.environ["APP_CLIENT_ID"]
    return client.post(f"{base.issuer}/token", data=form).raise_for_status().json()


def run(base):
    users = []
    with httpx.Client() as client:
        tokens = login(client, base)
        for again in range(3):
            headers = {"Authorization": f"Bearer {tokens['access_token']}"}
            users.append(client.get(f"{base.api}/me", headers=headers).raise_for_status().json()["user"])
            if again < 2:
                time.sleep(3600)
                tokens |= token(client, base, grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    return users
