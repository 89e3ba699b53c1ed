"""
flow: client credentials, client proves itself by a signed JWT
library: requests
fault: every assertion has the same jti
live: POST /token 401 invalid_client
"""
import base64
import hashlib
import hmac
import json
import os
import time

import requests


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def assertion(base):
    client_id = os.environ["SIGNER_CLIENT_ID"]
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": base.issuer, "iat": now, "exp": now + 7200, "jti": client_id}
    text = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(claims).encode())
    key = os.environ["SIGNER_CLIENT_SECRET"].encode()
    return text + "." + b64(hmac.new(key, text.encode(), hashlib.sha256).digest())


def run(base):
    counts = []
    for _ in range(2):
        response = requests.post(
            f"{base.issuer}/token",
            data={
                "grant_type": "client_credentials",
                "scope": "orders:read",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion(base),
            },
        )
        response.raise_for_status()
        headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
        counts.append(len(requests.get(f"{base.api}/orders", headers=headers).json()["orders"]))
        time.sleep(3600)
    return counts
