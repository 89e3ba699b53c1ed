"""
flow: API key in a header
library: http.client
fault: the redirect to the new version is followed by hand, without the header
live: GET /v2/catalog/stock 401 missing_key
"""
import http.client
import json
import os
from urllib.parse import urlsplit


def get(url, headers={}):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        if 300 <= response.status < 400:
            return get(response.headers["Location"])
        return json.loads(body)
    finally:
        connection.close()


def run(base):
    key = {"X-Api-Key": os.environ["CATALOG_API_KEY"]}
    items, url = [], f"{base.api}/catalog"
    while url:
        page = get(url, key)
        items.extend(page["items"])
        url = page["next"]
    return items, get(f"{base.api}/v1/catalog/stock", key)["chair"]
