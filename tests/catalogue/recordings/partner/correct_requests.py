"""
flow: client credentials, secret with reserved characters
library: requests
"""
import os
from urllib.parse import quote_plus

import requests


def run(base):
    # RFC 6749, section 2.3.1
    auth = (quote_plus(os.environ["PARTNER_CLIENT_ID"]), quote_plus(os.environ["PARTNER_CLIENT_SECRET"]))
    form = {"grant_type": "client_credentials", "scope": "orders:read"}
    response = requests.post(f"{base.issuer}/token", data=form, auth=auth)
    response.raise_for_status()
    headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
    listed = requests.get(f"{base.api}/orders", headers=headers)
    listed.raise_for_status()
    return len(listed.json()["orders"])
