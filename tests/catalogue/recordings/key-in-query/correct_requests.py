"""
flow: API key in the query
library: requests
"""
import os

import requests


def run(base):
    key = {"key": os.environ["MAPS_API_KEY"]}
    found = requests.get(f"{base.api}/geocode", params={"q": "Berlin", **key})
    found.raise_for_status()
    places, url = [], f"{base.api}/places"
    while url:
        response = requests.get(url, params=key)
        response.raise_for_status()
        places += response.json()["items"]
        url = response.json()["next"]
    return found.json()["lat"], places
