"""
flow: rate limit with Retry-After
library: httpx
fault: waits 1, 2 and 4 seconds, whatever the server says
live: GET /search 429 too_soon
allowed: GET /search 429 rate_limited
"""
import os
import time

import httpx


def run(base):
    hits = []
    with httpx.Client(base_url=base.api, headers={"X-Api-Key": os.environ["CATALOG_API_KEY"]}) as client:
        for page in range(1, 7):
            for attempt in range(4):
                response = client.get("/search", params={"page": page})
                if response.status_code != 429:
                    break
                time.sleep(2**attempt)
            hits += response.raise_for_status().json()["hits"]
    return len(hits)
