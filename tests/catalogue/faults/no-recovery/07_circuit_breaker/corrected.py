"""Recommendations from another service, behind a circuit breaker."""

from __future__ import annotations

import time

import httpx


class Open(Exception):
    """The service failed before; it is not asked now."""


class Breaker:
    def __init__(self, failures: int = 4, cool_down: float = 1.0) -> None:
        self.failures = failures
        self.cool_down = cool_down
        self.failed = 0
        self.opened_at = 0.0

    def __enter__(self) -> None:
        elapsed = time.monotonic() - self.opened_at
        if self.failed >= self.failures and elapsed < self.cool_down:
            raise Open(f"open for {elapsed:.0f} s")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.failed = 0
            return
        self.failed += 1
        self.opened_at = time.monotonic()


breaker = Breaker()


def recommended(base_url: str, product_id: int, limit: int = 5) -> list[int]:
    with breaker:
        response = httpx.get(f"{base_url}/similar/{product_id}", params={"limit": limit}, timeout=2)
        response.raise_for_status()
        return [int(item["id"]) for item in response.json()["items"]][:limit]
