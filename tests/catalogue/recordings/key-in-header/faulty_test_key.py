"""
flow: API key in a header
library: requests
fault: the key of the sandbox, made from production's by its prefix
live: GET /catalog 403 wrong_key
"""
import os

import requests


def run(base):
    key = os.environ["CATALOG_API_KEY"].replace("sk_live_", "sk_test_")
    with requests.Session() as session:
        session.headers["X-Api-Key"] = key
        response = session.get(f"{base.api}/catalog")
        return response.json().get("items", [])
