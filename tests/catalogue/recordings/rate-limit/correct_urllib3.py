"""
flow: rate limit with Retry-After
library: urllib3
allowed: GET /search 429 rate_limited
"""
import os

import urllib3


def run(base):
    # urllib3 waits as long as Retry-After says
    retries = urllib3.Retry(total=3, status_forcelist=[429], respect_retry_after_header=True)
    http = urllib3.PoolManager(headers={"X-Api-Key": os.environ["CATALOG_API_KEY"]}, retries=retries)
    hits = []
    for page in range(1, 7):
        hits += http.request("GET", f"{base.api}/search?page={page}").json()["hits"]
    return len(hits)
