"""
flow: Basic
library: httpx
"""
import os

import httpx


def run(base):
    auth = (os.environ["REPORTS_USER"], os.environ["REPORTS_PASSWORD"])
    with httpx.Client(base_url=base.api, auth=auth) as client:
        months = client.get("/reports").raise_for_status().json()["reports"]
        return months, client.post("/reports", json={"month": "2026-12"}).raise_for_status().json()
