"""
flow: client credentials, client proves itself by a signed JWT
library: httpx
"""
import base64
import hashlib
import hmac
import json
import os
import time
import uuid

import httpx

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims, secret):
    head = b64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    text = f"{head}.{b64(json.dumps(claims).encode())}"
    return f"{text}.{b64(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"


def token(client, base):
    client_id = os.environ["SIGNER_CLIENT_ID"]
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": base.issuer, "iat": now, "exp": now + 60, "jti": uuid.uuid4().hex}
    response = client.post(
        f"{base.issuer}/token",
        data={
            "grant_type": "client_credentials",
            "scope": "orders:read",
            "client_assertion_type": ASSERTION,
            "client_assertion": signed(claims, os.environ["SIGNER_CLIENT_SECRET"]),
        },
    )
    return response.raise_for_status().json()["access_token"]


def run(base):
    with httpx.Client() as client:
        counts = []
        for _ in range(2):
            headers = {"Authorization": f"Bearer {token(client, base)}"}
            counts.append(len(client.get(f"{base.api}/orders", headers=headers).raise_for_status().json()["orders"]))
            time.sleep(3600)
    return counts
