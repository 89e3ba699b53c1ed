"""
flow: session cookie and CSRF token
library: urllib3
fault: the cookie is copied from the login page; the login gives another one
live: GET /notes 302 login_required
"""
import os
import re
from urllib.parse import urlencode

import urllib3


def run(base):
    http = urllib3.PoolManager()
    page = http.request("GET", f"{base.api}/login")
    cookie = page.headers["Set-Cookie"].split(";")[0]
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.data.decode())[1]
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    form = {"user": os.environ["FORUM_USER"], "password": os.environ["FORUM_PASSWORD"], "csrf_token": csrf}
    http.request("POST", f"{base.api}/login", body=urlencode(form), headers=headers, redirect=False)
    notes = http.request("GET", f"{base.api}/notes", headers={"Cookie": cookie})
    return notes.data.decode().count("<li>")
