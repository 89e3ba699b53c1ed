"""
flow: an app signs a JWT and gets a token for it
library: requests
fault: the app's JWT is sent where the installation's token belongs
live: GET /app/repositories 401 invalid_token
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


def sign():
    now = int(time.time())
    payload = {"iss": os.environ["ROBOT_ID"], "iat": now, "exp": now + 300}
    text = b64(b'{"alg":"HS256","typ":"JWT"}') + "." + b64(json.dumps(payload).encode())
    return text + "." + b64(hmac.new(os.environ["ROBOT_SECRET"].encode(), text.encode(), hashlib.sha256).digest())


def run(base):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {sign()}"
    session.post(f"{base.api}/app/access_tokens").raise_for_status()
    response = session.get(f"{base.api}/app/repositories")
    response.raise_for_status()
    return response.json()["repositories"]
