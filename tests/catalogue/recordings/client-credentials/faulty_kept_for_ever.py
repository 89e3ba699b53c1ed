"""
flow: client credentials
library: requests
fault: the token is cached by lru_cache and never asked for again
live: POST /orders 401 invalid_token
"""
import os
import time
from functools import lru_cache

import requests


@lru_cache(maxsize=None)
def get_token(issuer):
    response = requests.post(
        f"{issuer}/token",
        data={"grant_type": "client_credentials", "scope": "orders:read orders:write"},
        auth=(os.environ["SHOP_CLIENT_ID"], os.environ["SHOP_CLIENT_SECRET"]),
        timeout=10,
    )
    response.raise_for_status()
    return response.json()["access_token"]


def run(base):
    headers = {"Authorization": "Bearer " + get_token(base.issuer)}
    orders = requests.get(f"{base.api}/orders", headers=headers, timeout=10).json()["orders"]
    time.sleep(3600)
    headers = {"Authorization": "Bearer " + get_token(base.issuer)}
    response = requests.post(f"{base.api}/orders", json={"total": "7.50"}, headers=headers, timeout=10)
    response.raise_for_status()
    return len(orders), response.json()["id"]
