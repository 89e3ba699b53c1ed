"""
flow: client credentials, client proves itself by a signed JWT
library: httpx
fault: the assertion is signed once, when the module's client is made
live: POST /token 401 invalid_client
"""
import base64
import hashlib
import hmac
import json
import os
import time
import uuid

import httpx


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_assertion(base):
    client_id = os.environ["SIGNER_CLIENT_ID"]
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": base.issuer, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
    text = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(claims).encode())
    key = os.environ["SIGNER_CLIENT_SECRET"].encode()
    return text + "." + b64(hmac.new(key, text.encode(), hashlib.sha256).digest())


class Orders:
    def __init__(self, base):
        self.base = base
        self.form = {
            "grant_type": "client_credentials",
            "scope": "orders:read",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": make_assertion(base),
        }

    def count(self):
        token = httpx.post(f"{self.base.issuer}/token", data=self.form).raise_for_status().json()["access_token"]
        response = httpx.get(f"{self.base.api}/orders", headers={"Authorization": f"Bearer {token}"})
        return len(response.raise_for_status().json()["orders"])


def run(base):
    orders = Orders(base)
    first = orders.count()
    time.sleep(3600)
    return [first, orders.count()]
