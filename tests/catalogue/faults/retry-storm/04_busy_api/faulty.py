"""Sends stock levels to a marketplace."""

from __future__ import annotations

import time

import requests

PATIENCE = 4.0


class MarketplaceDown(Exception):
    pass


def put(session: requests.Session, url: str, document: dict) -> requests.Response:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            response = session.put(url, json=document, timeout=1)
        except requests.RequestException:
            continue
        if response.status_code not in (429, 500, 502, 503, 504):
            return response
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
