"""
flow: client credentials, opaque token revoked early
library: httpx
allowed: GET /balance 401 invalid_token
"""
import os

import httpx


class LedgerAuth(httpx.Auth):
    requires_response_body = True

    def __init__(self, issuer):
        self.issuer = issuer
        self.token = ""

    def ask(self):
        return httpx.Request(
            "POST",
            f"{self.issuer}/token",
            data={
                "grant_type": "client_credentials",
                "scope": "ledger:read",
                "client_id": os.environ["LEDGER_CLIENT_ID"],
                "client_secret": os.environ["LEDGER_CLIENT_SECRET"],
            },
        )

    def auth_flow(self, request):
        if not self.token:
            self.token = (yield self.ask()).json()["access_token"]
        request.headers["Authorization"] = f"Bearer {self.token}"
        response = yield request
        if response.status_code == 401:
            self.token = (yield self.ask()).json()["access_token"]
            request.headers["Authorization"] = f"Bearer {self.token}"
            yield request


def run(base):
    with httpx.Client(base_url=base.api, auth=LedgerAuth(base.issuer)) as client:
        before = client.get("/balance").raise_for_status().json()
        client.post("/credentials/rotate").raise_for_status()
        return before == client.get("/balance").raise_for_status().json()
