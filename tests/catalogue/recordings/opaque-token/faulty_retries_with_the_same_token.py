"""
flow: client credentials, opaque token revoked early
library: requests
fault: after a 401 a new token is fetched, and the old header sent again
live: GET /balance 401 invalid_token
allowed: GET /balance 401 invalid_token
"""
import os

import requests


def fetch_token(base):
    response = requests.post(
        f"{base.issuer}/token",
        data={
            "grant_type": "client_credentials",
            "scope": "ledger:read",
            "client_id": os.environ["LEDGER_CLIENT_ID"],
            "client_secret": os.environ["LEDGER_CLIENT_SECRET"],
        },
    )
    response.raise_for_status()
    return response.json()["access_token"]


def run(base):
    token = fetch_token(base)
    headers = {"Authorization": f"Bearer {token}"}
    requests.get(f"{base.api}/balance", headers=headers).raise_for_status()
    requests.post(f"{base.api}/credentials/rotate", headers=headers).raise_for_status()
    response = requests.get(f"{base.api}/balance", headers=headers)
    if response.status_code == 401:
        token = fetch_token(base)
        response = requests.get(f"{base.api}/balance", headers=headers)
    response.raise_for_status()
    return response.json()
