"""Availability of a service point for parcels."""

from __future__ import annotations

import httpx


def client(base_url: str) -> httpx.Client:
    return httpx.Client(base_url=base_url, timeout=1.5, transport=httpx.HTTPTransport(retries=3))


def get(http: httpx.Client, path: str) -> dict:
    response = http.get(path)
    response.raise_for_status()
    return response.json()


def nearest(base_url: str, postcode: str) -> tuple[str, bool]:
    """The service point for a postcode, and whether it is open now."""
    with client(base_url) as http:
        point = get(http, f"/points/{postcode}")
        state = get(http, f"/points/{postcode}/state")
    return point["name"], state["open"]
