"""
flow: API key in the query
library: httpx
fault: the key is quoted by hand and again by the library
live: GET /geocode 403 wrong_key
"""
import os
from urllib.parse import quote

import httpx


def run(base):
    response = httpx.get(
        f"{base.api}/geocode", params={"q": "Berlin", "key": quote(os.environ["MAPS_API_KEY"], safe="")}
    )
    return response.raise_for_status().json()["lat"]
