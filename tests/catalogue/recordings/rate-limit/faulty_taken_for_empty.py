"""
flow: rate limit with Retry-After
library: urllib3
fault: an answer without hits is taken for a page without hits, and the next page is asked for
live: GET /search 429 too_soon
allowed: GET /search 429 rate_limited
"""
import os

import urllib3


def run(base):
    http = urllib3.PoolManager(headers={"X-Api-Key": os.environ["CATALOG_API_KEY"]}, retries=False)
    hits = []
    for page in range(1, 7):
        hits += http.request("GET", f"{base.api}/search?page={page}").json().get("hits", [])
    return len(hits)
