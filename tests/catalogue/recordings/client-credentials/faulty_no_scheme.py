"""
flow: client credentials
library: urllib3
fault: the Authorization header has the token alone, without the word Bearer
live: GET /orders 401 missing_token
"""
import os

import urllib3


def run(base):
    http = urllib3.PoolManager()
    basic = urllib3.make_headers(basic_auth=f"{os.environ['SHOP_CLIENT_ID']}:{os.environ['SHOP_CLIENT_SECRET']}")
    token = http.request(
        "POST",
        f"{base.issuer}/token",
        fields={"grant_type": "client_credentials", "scope": "orders:read orders:write"},
        encode_multipart=False,
        headers=basic,
    ).json()
    response = http.request("GET", f"{base.api}/orders", headers={"Authorization": token["access_token"]})
    return len(response.json()["orders"])
