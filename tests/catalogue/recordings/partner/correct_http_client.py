"""
flow: client credentials, secret with reserved characters
library: http.client
"""
import base64
import http.client
import json
import os
from urllib.parse import quote_plus, urlencode, urlsplit


def call(origin, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=10)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        response = connection.getresponse()
        content = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{response.status}: {content!r}")
        return json.loads(content)
    finally:
        connection.close()


def run(base):
    pair = f"{quote_plus(os.environ['PARTNER_CLIENT_ID'])}:{quote_plus(os.environ['PARTNER_CLIENT_SECRET'])}"
    token = call(
        base.issuer,
        "POST",
        "/token",
        urlencode({"grant_type": "client_credentials", "scope": "orders:read"}),
        {
            "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )["access_token"]
    return len(call(base.api, "GET", "/orders", headers={"Authorization": f"Bearer {token}"})["orders"])
