"""
flow: token across a redirect to another origin
library: requests
fault: requests drops the token when it follows a redirect to another origin
live: GET /download/7 401 missing_token
"""
import os

import requests


def run(base):
    response = requests.get(f"{base.api}/files/7", headers={"Authorization": f"Bearer {os.environ['FILES_TOKEN']}"})
    response.raise_for_status()
    return response.json()
