"""
flow: token across a redirect to another origin
library: requests
"""
import os

import requests


def run(base):
    headers = {"Authorization": f"Bearer {os.environ['FILES_TOKEN']}"}
    # requests drops Authorization when the host changes; this host is ours.
    response = requests.get(f"{base.api}/files/7", headers=headers, allow_redirects=False)
    target = response.headers["Location"]
    if not target.startswith(base.files):
        raise RuntimeError(f"unexpected redirect to {target}")
    download = requests.get(target, headers=headers)
    download.raise_for_status()
    # A signed link wants no token, and dropping it is right here.
    export = requests.get(f"{base.api}/exports/7", headers=headers)
    export.raise_for_status()
    made = requests.post(f"{base.api}/exports", headers=headers)
    made.raise_for_status()
    again = requests.get(made.json()["url"])
    again.raise_for_status()
    return download.json(), export.json(), again.json()
