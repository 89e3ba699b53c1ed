"""
flow: session cookie and CSRF token
library: requests
fault: the token of the first form is sent with every form
live: POST /notes 403 csrf
"""
import os
import re

import requests


def token(page):
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def run(base):
    with requests.Session() as session:
        page = session.get(f"{base.api}/login")
        page = session.post(
            f"{base.api}/login",
            data={
                "user": os.environ["FORUM_USER"],
                "password": os.environ["FORUM_PASSWORD"],
                "csrf_token": token(page),
            },
        )
        csrf = token(page)
        for text in ("one", "two"):
            page = session.post(f"{base.api}/notes", data={"text": text, "csrf_token": csrf})
        return page.text.count("<li>")
