"""
flow: Basic
library: requests
"""
import os

import requests


def run(base):
    # bytes: requests would encode text as Latin-1
    auth = (os.environ["REPORTS_USER"].encode(), os.environ["REPORTS_PASSWORD"].encode())
    months = requests.get(f"{base.api}/reports", auth=auth)
    months.raise_for_status()
    queued = requests.post(f"{base.api}/reports", json={"month": "2026-12"}, auth=auth)
    queued.raise_for_status()
    return months.json()["reports"], queued.json()
