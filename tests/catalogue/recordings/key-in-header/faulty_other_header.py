"""
flow: API key in a header
library: http.client
fault: the header is called Api-Key
live: GET /catalog 401 missing_key
"""
import http.client
import json
import os
from urllib.parse import urlsplit


def run(base):
    connection = http.client.HTTPConnection(urlsplit(base.api).netloc, timeout=10)
    connection.request("GET", "/catalog", headers={"Api-Key": os.environ["CATALOG_API_KEY"]})
    items = json.loads(connection.getresponse().read()).get("items", [])
    connection.close()
    return items
