"""
flow: Basic
library: requests
fault: user and password are sent as they are, without base64
live: GET /reports 401 missing_credentials
"""
import os
from urllib.parse import quote

import requests


def run(base):
    pair = f"{os.environ['REPORTS_USER']}:{quote(os.environ['REPORTS_PASSWORD'])}"
    months = requests.get(f"{base.api}/reports", headers={"Authorization": f"Basic {pair}"})
    months.raise_for_status()
    return months.json()["reports"]
