"""
flow: client credentials, opaque token revoked early
library: httpx
fault: the headers are given to GET and forgotten for POST
live: POST /credentials/rotate 401 missing_token
"""
import os

import httpx


def run(base):
    with httpx.Client() as client:
        token = client.post(
            f"{base.issuer}/token",
            data={
                "grant_type": "client_credentials",
                "scope": "ledger:read",
                "client_id": os.environ["LEDGER_CLIENT_ID"],
                "client_secret": os.environ["LEDGER_CLIENT_SECRET"],
            },
        ).json()["access_token"]
        balance = client.get(f"{base.api}/balance", headers={"Authorization": f"Bearer {token}"}).json()
        client.post(f"{base.api}/credentials/rotate")
        return balance
