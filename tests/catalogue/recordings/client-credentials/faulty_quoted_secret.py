"""
flow: client credentials
library: http.client
fault: the secret keeps the quotes that it has in the .env file
live: POST /token 401 invalid_client
"""
import base64
import http.client
import json
import os
from urllib.parse import urlencode, urlsplit


def read_dotenv(text):
    values = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        values[name.strip()] = value.strip()
    return values


def run(base):
    env = read_dotenv(
        f'SHOP_CLIENT_ID={os.environ["SHOP_CLIENT_ID"]}\nSHOP_CLIENT_SECRET="{os.environ["SHOP_CLIENT_SECRET"]}"\n'
    )
    basic = base64.b64encode(f"{env['SHOP_CLIENT_ID']}:{env['SHOP_CLIENT_SECRET']}".encode()).decode()
    connection = http.client.HTTPConnection(urlsplit(base.issuer).netloc, timeout=10)
    connection.request(
        "POST",
        "/token",
        body=urlencode({"grant_type": "client_credentials", "scope": "orders:read orders:write"}),
        headers={"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    answer = json.loads(connection.getresponse().read())
    connection.close()
    connection = http.client.HTTPConnection(urlsplit(base.api).netloc, timeout=10)
    connection.request("GET", "/orders", headers={"Authorization": f"Bearer {answer['access_token']}"})
    orders = json.loads(connection.getresponse().read())
    connection.close()
    return len(orders["orders"])
