"""
flow: Basic
library: requests
fault: requests encodes a password given as text as Latin-1, the server wants UTF-8
live: GET /reports 401 wrong_credentials
"""
import os

import requests


def run(base):
    auth = (os.environ["REPORTS_USER"], os.environ["REPORTS_PASSWORD"])
    months = requests.get(f"{base.api}/reports", auth=auth)
    months.raise_for_status()
    return months.json()["reports"]
