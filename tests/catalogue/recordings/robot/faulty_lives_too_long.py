"""
flow: an app signs a JWT and gets a token for it
library: requests
fault: the JWT is good for an hour, ten minutes are the most
live: POST /app/access_tokens 401 lives_too_long
"""
import base64
import hashlib
import hmac
import json
import os
import time

import requests


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def run(base):
    now = int(time.time())
    payload = {"iss": os.environ["ROBOT_ID"], "iat": now, "exp": now + 3600}
    text = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(payload).encode())
    jwt = text + "." + b64(hmac.new(os.environ["ROBOT_SECRET"].encode(), text.encode(), hashlib.sha256).digest())
    response = requests.post(f"{base.api}/app/access_tokens", headers={"Authorization": f"Bearer {jwt}"})
    response.raise_for_status()
    headers = {"Authorization": f"Bearer {response.json()['token']}"}
    return requests.get(f"{base.api}/app/repositories", headers=headers).json()["repositories"]
