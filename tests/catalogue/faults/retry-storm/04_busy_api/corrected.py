"""Sends stock levels to a marketplace."""

from __future__ import annotations

import random
import time

import requests

ATTEMPTS = 4
LONGEST_WAIT = 5.0


class MarketplaceDown(Exception):
    pass


def pause(attempt: int, response: requests.Response | None) -> float:
    """Seconds until the next attempt: what the marketplace asks for, else more each time."""
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    return float(asked) if asked.isdigit() else random.uniform(0.5, 1) * 0.2 * 2**attempt


def put(session: requests.Session, url: str, document: dict) -> requests.Response:
    for attempt in range(ATTEMPTS):
        response = None
        try:
            response = session.put(url, json=document, timeout=1)
            if response.status_code not in (429, 500, 502, 503, 504):
                return response
        except requests.RequestException:
            pass
        wait = pause(attempt, response)
        if wait > LONGEST_WAIT or attempt == ATTEMPTS - 1:
            break
        time.sleep(wait)
    raise MarketplaceDown(url)


def publish(marketplace: str, levels: dict[str, int]) -> int:
    """PUT each level (which may be repeated without harm); returns how many changed there."""
    changed = 0
    with requests.Session() as session:
        for sku, level in sorted(levels.items()):
            response = put(session, f"{marketplace}/stock/{sku}", {"level": level})
            response.raise_for_status()
            changed += response.json()["changed"]
    return changed
