"""
flow: Basic
library: httpx
fault: the header is built with the alphabet of URLs
live: GET /reports 401 missing_credentials
"""
import base64
import os

import httpx


def run(base):
    pair = f"{os.environ['REPORTS_USER']}:{os.environ['REPORTS_PASSWORD']}"
    token = base64.urlsafe_b64encode(pair.encode()).decode()
    response = httpx.get(f"{base.api}/reports", headers={"Authorization": f"Basic {token}"})
    return response.raise_for_status().json()["reports"]
