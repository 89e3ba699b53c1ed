"""
flow: token across a redirect to another origin
library: urllib.request
fault: urllib sends the token on to the signed link, which allows one kind of credential only
live: GET /store/export 400 only_one_auth_mechanism
"""
import json
import os
import urllib.request


def run(base):
    request = urllib.request.Request(
        f"{base.api}/exports/7", headers={"Authorization": f"Bearer {os.environ['FILES_TOKEN']}"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)
