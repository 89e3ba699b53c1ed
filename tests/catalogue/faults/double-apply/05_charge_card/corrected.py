"""Client of the payment provider."""

from __future__ import annotations

import uuid
from decimal import Decimal

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

POLICY = Retry(
    total=3, backoff_factor=0.1, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None, raise_on_status=False
)


class TimeoutAdapter(HTTPAdapter):
    def send(self, request, **kwargs):
        kwargs["timeout"] = kwargs.get("timeout") or (1, 2)
        return super().send(request, **kwargs)


class Payments:
    def __init__(self, base_url: str, api_key: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {api_key}"
        self.session.mount("http://", TimeoutAdapter(max_retries=POLICY))
        self.session.mount("https://", TimeoutAdapter(max_retries=POLICY))

    def __enter__(self) -> Payments:
        return self

    def __exit__(self, *exc: object) -> None:
        self.session.close()

    def charge(self, card: str, amount: Decimal, currency: str = "EUR") -> str:
        response = self.session.post(
            f"{self.base_url}/v1/charges",
            json={"card": card, "amount": int(amount * 100), "currency": currency},
            headers={"Idempotency-Key": uuid.uuid4().hex},
        )
        response.raise_for_status()
        return response.json()["id"]
