"""
flow: API key in a header
library: urllib3
"""
import os

import urllib3


def run(base):
    http = urllib3.PoolManager(headers={"X-Api-Key": os.environ["CATALOG_API_KEY"]})
    items, url = [], f"{base.api}/catalog"
    while url:
        page = http.request("GET", url).json()
        items += page["items"]
        url = page["next"]
    return items, http.request("GET", f"{base.api}/v1/catalog/stock").json()
