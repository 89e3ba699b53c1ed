"""
flow: token across a redirect to another origin
library: requests
fault: the signed link is stored and opened a day later
live: GET /store/export 403 link_expired
"""
import os
import time

import requests


def run(base):
    headers = {"Authorization": f"Bearer {os.environ['FILES_TOKEN']}"}
    made = requests.post(f"{base.api}/exports", headers=headers)
    made.raise_for_status()
    database = {"export": made.json()["url"]}
    time.sleep(86_400)
    response = requests.get(database["export"])
    response.raise_for_status()
    return response.json()
