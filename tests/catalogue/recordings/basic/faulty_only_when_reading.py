"""
flow: Basic
library: httpx
fault: auth is given to GET and not to POST
live: POST /reports 401 missing_credentials
"""
import os

import httpx


def run(base):
    auth = (os.environ["REPORTS_USER"], os.environ["REPORTS_PASSWORD"])
    months = httpx.get(f"{base.api}/reports", auth=auth).json()["reports"]
    queued = httpx.post(f"{base.api}/reports", json={"month": "2026-12"})
    return months, queued.json().get("queued")
