"""Reads a supplier's catalogue."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal

import requests


@dataclass(frozen=True)
class Item:
    sku: str
    name: str
    price: Decimal


def _get(url: str) -> dict:
    response = requests.get(url, timeout=1.5)
    response.raise_for_status()
    return response.json()


def get_json(url: str, attempts: int = 4) -> dict:
    for attempt in range(1, attempts + 1):
        try:
            return _get(url)
        except requests.ConnectionError:
            if attempt == attempts:
                raise
        time.sleep(0.1 * 2**attempt)
    raise AssertionError("unreachable")


def catalogue(base_url: str) -> list[Item]:
    """All items, page by page."""
    items: list[Item] = []
    page: int | None = 1
    while page is not None:
        data = get_json(f"{base_url}/items?page={page}")
        items += [Item(item["sku"], item["name"], Decimal(item["price"])) for item in data["items"]]
        page = data["next"]
    return items
