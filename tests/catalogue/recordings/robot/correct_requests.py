"""
flow: an app signs a JWT and gets a token for it
library: requests
"""
import base64
import hashlib
import hmac
import json
import os
import time
from datetime import datetime

import requests


def segment(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def app_jwt():
    now = int(time.time())
    head = segment(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    claims = segment(json.dumps({"iss": os.environ["ROBOT_ID"], "iat": now - 30, "exp": now + 300}).encode())
    signature = hmac.new(os.environ["ROBOT_SECRET"].encode(), f"{head}.{claims}".encode(), hashlib.sha256)
    return f"{head}.{claims}.{segment(signature.digest())}"


class Installation:
    def __init__(self, base):
        self.base = base
        self.token = None
        self.until = 0.0

    def repositories(self):
        if time.time() > self.until - 60:
            response = requests.post(
                f"{self.base.api}/app/access_tokens", headers={"Authorization": f"Bearer {app_jwt()}"}
            )
            response.raise_for_status()
            self.token = response.json()["token"]
            self.until = datetime.fromisoformat(response.json()["expires_at"].replace("Z", "+00:00")).timestamp()
        response = requests.get(
            f"{self.base.api}/app/repositories", headers={"Authorization": f"Bearer {self.token}"}
        )
        response.raise_for_status()
        return response.json()["repositories"]


def run(base):
    installation = Installation(base)
    first = installation.repositories()
    time.sleep(900)
    second = installation.repositories()
    time.sleep(3600)
    return [first, second, installation.repositories()]
