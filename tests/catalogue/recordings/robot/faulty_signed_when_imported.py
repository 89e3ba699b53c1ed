"""
flow: an app signs a JWT and gets a token for it
library: httpx
fault: iat and exp are taken when the module is loaded; an hour later the JWT has expired
live: POST /app/access_tokens 401 expired_jwt
"""
import base64
import hashlib
import hmac
import json
import os
import time

import httpx

NOW = int(time.time())


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def app_jwt(issued=NOW):
    payload = {"iss": os.environ["ROBOT_ID"], "iat": issued, "exp": issued + 600}
    text = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(payload).encode())
    return text + "." + b64(hmac.new(os.environ["ROBOT_SECRET"].encode(), text.encode(), hashlib.sha256).digest())


def repositories(client):
    token = client.post("/app/access_tokens", headers={"Authorization": f"Bearer {app_jwt()}"}).raise_for_status().json()
    answer = client.get("/app/repositories", headers={"Authorization": f"Bearer {token['token']}"})
    return answer.raise_for_status().json()["repositories"]


def run(base):
    with httpx.Client(base_url=base.api) as client:
        first = repositories(client)
        time.sleep(3600)
        return [first, repositories(client)]
