"""
flow: API key in a header
library: requests
fault: the key is sent as if it were a bearer token, in the right header
live: GET /catalog 403 wrong_key
"""
import os

import requests


def run(base):
    response = requests.get(f"{base.api}/catalog", headers={"X-Api-Key": f"Bearer {os.environ['CATALOG_API_KEY']}"})
    response.raise_for_status()
    return response.json()["items"]
