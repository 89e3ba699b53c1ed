"""
flow: API key in a header
library: http.client
"""
import http.client
import json
import os
from urllib.parse import urlsplit


def get(url):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"X-Api-Key": os.environ["CATALOG_API_KEY"]})
        response = connection.getresponse()
        body = response.read()
        if response.status in (301, 302, 307, 308):
            return get(response.headers["Location"])
        if response.status != 200:
            raise RuntimeError(f"GET {url}: {response.status}")
        return json.loads(body)
    finally:
        connection.close()


def run(base):
    items, url = [], f"{base.api}/catalog"
    while url:
        page = get(url)
        items.extend(page["items"])
        url = page["next"]
    return items, get(f"{base.api}/v1/catalog/stock")
