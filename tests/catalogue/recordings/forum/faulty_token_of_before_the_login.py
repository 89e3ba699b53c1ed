"""
flow: session cookie and CSRF token
library: httpx
fault: the token of the login form is kept for the notes
live: POST /notes 403 csrf
"""
import os
import re

import httpx


def run(base):
    with httpx.Client(base_url=base.api, follow_redirects=True) as client:
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)[1]
        user, password = os.environ["FORUM_USER"], os.environ["FORUM_PASSWORD"]
        client.post("/login", data={"user": user, "password": password, "csrf_token": csrf}).raise_for_status()
        return client.post("/notes", data={"text": "one", "csrf_token": csrf}).raise_for_status().text.count("<li>")
