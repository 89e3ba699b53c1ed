"""
flow: token across a redirect to another origin
library: httpx
"""
import os

import httpx


def run(base):
    headers = {"Authorization": f"Bearer {os.environ['FILES_TOKEN']}"}
    with httpx.Client() as client:
        moved = client.get(f"{base.api}/files/7", headers=headers)
        assert moved.headers["Location"].startswith(base.files)
        download = client.get(moved.headers["Location"], headers=headers).raise_for_status().json()
        export = client.get(f"{base.api}/exports/7", headers=headers, follow_redirects=True).raise_for_status().json()
        link = client.post(f"{base.api}/exports", headers=headers).raise_for_status().json()["url"]
        return download, export, client.get(link).raise_for_status().json()
