"""
flow: token across a redirect to another origin
library: httpx
fault: the token is a header of the client, so it goes to the signed link too
live: GET /store/export 400 only_one_auth_mechanism
"""
import os

import httpx


def run(base):
    with httpx.Client(headers={"Authorization": f"Bearer {os.environ['FILES_TOKEN']}"}) as client:
        link = client.post(f"{base.api}/exports").raise_for_status().json()["url"]
        return client.get(link).raise_for_status().json()
