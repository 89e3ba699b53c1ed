"""
flow: API key in the query
library: requests
fault: the key is put into the URL by an f-string, and its plus becomes a space
live: GET /geocode 403 wrong_key
"""
import os

import requests


def run(base):
    response = requests.get(f"{base.api}/geocode?q=Berlin&key={os.environ['MAPS_API_KEY']}")
    response.raise_for_status()
    return response.json()["lat"]
