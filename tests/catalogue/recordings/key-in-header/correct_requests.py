"""
flow: API key in a header
library: requests
"""
import os

import requests


def run(base):
    items = []
    with requests.Session() as session:
        session.headers["X-Api-Key"] = os.environ["CATALOG_API_KEY"]
        url = f"{base.api}/catalog"
        while url:
            response = session.get(url)
            response.raise_for_status()
            items += response.json()["items"]
            url = response.json()["next"]
        stock = session.get(f"{base.api}/v1/catalog/stock")
        stock.raise_for_status()
    return items, stock.json()
