"""
flow: API key in the query
library: httpx
"""
import os

import httpx


class KeyInQuery(httpx.Auth):
    def auth_flow(self, request):
        request.url = request.url.copy_merge_params({"key": os.environ["MAPS_API_KEY"]})
        yield request


def run(base):
    with httpx.Client(base_url=base.api, auth=KeyInQuery()) as client:
        latitude = client.get("/geocode", params={"q": "Berlin"}).raise_for_status().json()["lat"]
        places, url = [], "/places"
        while url:
            page = client.get(url).raise_for_status().json()
            places += page["items"]
            url = page["next"]
    return latitude, places
