"""
flow: session cookie and CSRF token
library: httpx
fault: the hidden field of the form is not sent
live: POST /login 403 csrf
"""
import os

import httpx


def run(base):
    with httpx.Client(base_url=base.api, follow_redirects=True) as client:
        client.get("/login")
        page = client.post(
            "/login", data={"user": os.environ["FORUM_USER"], "password": os.environ["FORUM_PASSWORD"]}
        )
        return page.text.count("<li>")
