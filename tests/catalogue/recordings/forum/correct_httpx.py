"""
flow: session cookie and CSRF token
library: httpx
"""
import os
import re
import time

import httpx

CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


class Forum:
    def __init__(self, base):
        self.client = httpx.Client(base_url=base.api, follow_redirects=True)

    def submit(self, path, page, **fields):
        fields["csrf_token"] = CSRF.search(page.text)[1]
        return self.client.post(path, data=fields).raise_for_status()

    def login(self):
        page = self.client.get("/login").raise_for_status()
        return self.submit("/login", page, user=os.environ["FORUM_USER"], password=os.environ["FORUM_PASSWORD"])

    def post_all(self, texts):
        page = self.login()
        for text in texts:
            page = self.submit("/notes", page, text=text)
        return page.text.count("<li>")


def run(base):
    counts = []
    for texts in (["one", "two"], ["three"]):
        forum = Forum(base)
        with forum.client:
            counts.append(forum.post_all(texts))
        time.sleep(3600)
    return counts
