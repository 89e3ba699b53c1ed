"""Availability of a service point for parcels."""

from __future__ import annotations

import time

import httpx

TRANSIENT = {408, 425, 429, 500, 502, 503, 504}


def client(base_url: str) -> httpx.Client:
    return httpx.Client(base_url=base_url, timeout=1.5)


def _wait(response: httpx.Response | None, otherwise: float) -> float:
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    return min(float(asked), 10.0) if asked.isdigit() else otherwise


def get(http: httpx.Client, path: str) -> dict:
    for pause in (0.2, 0.5, 1.0, None):
        response = None
        try:
            response = http.get(path)
            if response.status_code not in TRANSIENT:
                response.raise_for_status()
                return response.json()
            error: Exception = httpx.HTTPStatusError(path, request=response.request, response=response)
        except (httpx.TransportError, httpx.DecodingError, ValueError) as failure:
            error = failure
        if pause is None:
            raise error
        time.sleep(_wait(response, pause))
    raise AssertionError("unreachable")


def nearest(base_url: str, postcode: str) -> tuple[str, bool]:
    """The service point for a postcode, and whether it is open now."""
    with client(base_url) as http:
        point = get(http, f"/points/{postcode}")
        state = get(http, f"/points/{postcode}/state")
    return point["name"], state["open"]
