"""
flow: session cookie and CSRF token
library: requests
fault: requests.get and requests.post share no cookies
live: POST /login 403 csrf
"""
import os
import re

import requests


def run(base):
    page = requests.get(f"{base.api}/login")
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    page = requests.post(
        f"{base.api}/login",
        data={"user": os.environ["FORUM_USER"], "password": os.environ["FORUM_PASSWORD"], "csrf_token": csrf},
    )
    page.raise_for_status()
    return page.text.count("<li>")
