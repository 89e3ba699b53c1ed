"""Shortens links for mails."""

from __future__ import annotations

import random
import time

import httpx


class Shortener:
    """Links that cannot be shortened are sent as they are."""

    def __init__(self, base_url: str, max_attempts: int = 3) -> None:
        self.base_url = base_url
        self.max_attempts = max_attempts

    def shorten(self, link: str) -> str:
        for attempt in range(1, self.max_attempts + 1):
            try:
                response = httpx.get(f"{self.base_url}/short", params={"url": link}, timeout=1)
                response.raise_for_status()
                return response.json()["short"]
            except (httpx.HTTPError, ValueError):
                if attempt < self.max_attempts:
                    time.sleep(random.uniform(0.1, 0.2) * 2**attempt)
        return link
