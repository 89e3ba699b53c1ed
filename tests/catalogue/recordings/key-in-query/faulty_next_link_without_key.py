"""
flow: API key in the query
library: httpx
fault: the link to the next page is followed as it comes; it has no key
live: GET /places 401 missing_key
"""
import os

import httpx


def run(base):
    with httpx.Client() as client:
        params = {"key": os.environ["MAPS_API_KEY"]}
        latitude = client.get(f"{base.api}/geocode", params={"q": "Berlin", **params}).json()["lat"]
        page = client.get(f"{base.api}/places", params=params).json()
        places = page["items"]
        while page["next"]:
            page = client.get(page["next"]).raise_for_status().json()
            places += page["items"]
    return latitude, places
