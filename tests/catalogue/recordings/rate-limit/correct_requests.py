"""
flow: rate limit with Retry-After
library: requests
allowed: GET /search 429 rate_limited
"""
import os
import time

import requests


def run(base):
    hits = []
    with requests.Session() as session:
        session.headers["X-Api-Key"] = os.environ["CATALOG_API_KEY"]
        for page in range(1, 7):
            for _ in range(3):
                response = session.get(f"{base.api}/search", params={"page": page})
                if response.status_code != 429:
                    break
                time.sleep(float(response.headers["Retry-After"]) + 1)
            response.raise_for_status()
            hits += response.json()["hits"]
    return len(hits)
