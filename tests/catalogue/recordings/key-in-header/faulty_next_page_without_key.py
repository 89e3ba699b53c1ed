"""
flow: API key in a header
library: urllib3
fault: the first page is asked for with the key, the next ones without
live: GET /catalog 401 missing_key
"""
import os

import urllib3


def run(base):
    http = urllib3.PoolManager()
    page = http.request("GET", f"{base.api}/catalog", headers={"X-Api-Key": os.environ["CATALOG_API_KEY"]}).json()
    items = page["items"]
    while page.get("next"):
        page = http.request("GET", page["next"]).json()
        items += page.get("items", [])
    return items
