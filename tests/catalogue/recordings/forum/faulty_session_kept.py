"""
flow: session cookie and CSRF token
library: requests
fault: one login for all jobs; an hour later the site shows the login page, and that is taken for an empty list
live: GET /notes 302 login_required
"""
import os
import re
import time

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
        for text in ("one", "two"):
            page = session.post(f"{base.api}/notes", data={"text": text, "csrf_token": token(page)})
        first = page.text.count("<li>")
        time.sleep(3600)
        page = session.get(f"{base.api}/notes")
        return first, page.text.count("<li>")
