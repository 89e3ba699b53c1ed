"""
flow: client credentials
library: httpx
"""
import os
import time

import httpx


class ClientCredentials(httpx.Auth):
    requires_response_body = True

    def __init__(self, token_url, scope):
        self.token_url = token_url
        self.scope = scope
        self.token = None
        self.until = 0.0

    def auth_flow(self, request):
        if self.token is None or time.time() >= self.until - 30:
            basic = httpx.BasicAuth(os.environ["SHOP_CLIENT_ID"], os.environ["SHOP_CLIENT_SECRET"])
            ask = httpx.Request("POST", self.token_url, data={"grant_type": "client_credentials", "scope": self.scope})
            response = yield next(basic.auth_flow(ask))
            response.raise_for_status()
            self.token = response.json()["access_token"]
            self.until = time.time() + response.json()["expires_in"]
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request


def run(base):
    auth = ClientCredentials(f"{base.issuer}/token", "orders:read orders:write")
    with httpx.Client(base_url=base.api, auth=auth) as client:
        orders = client.get("/orders").raise_for_status().json()["orders"]
        time.sleep(3600)
        created = client.post("/orders", json={"total": "7.50"}).raise_for_status().json()
    return len(orders), created["id"]
