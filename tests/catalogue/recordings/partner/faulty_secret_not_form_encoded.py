"""
flow: client credentials, secret with reserved characters
library: requests
fault: id and secret go into Basic as they are; RFC 6749 wants them form-encoded first
live: POST /token 401 invalid_client
"""
import os

import requests


def run(base):
    response = requests.post(
        f"{base.issuer}/token",
        data={"grant_type": "client_credentials", "scope": "orders:read"},
        auth=(os.environ["PARTNER_CLIENT_ID"], os.environ["PARTNER_CLIENT_SECRET"]),
    )
    response.raise_for_status()
    headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
    return len(requests.get(f"{base.api}/orders", headers=headers).json()["orders"])
