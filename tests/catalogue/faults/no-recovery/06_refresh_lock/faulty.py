"""An access token for the carrier's API, shared by all threads, fetched when it runs out."""

from __future__ import annotations

import threading
import time

import requests


class TokenStore:
    def __init__(self, url: str, client_id: str) -> None:
        self.url = url
        self.client_id = client_id
        self._lock = threading.Lock()
        self._token = ""
        self._expires = 0.0

    def _fetch(self) -> None:
        response = requests.post(
            self.url, data={"grant_type": "client_credentials", "client_id": self.client_id}, timeout=2
        )
        response.raise_for_status()
        answer = response.json()
        self._token = answer["access_token"]
        self._expires = time.monotonic() + answer["expires_in"] - 10

    def token(self) -> str:
        if not self._lock.acquire(timeout=5):
            raise TimeoutError("another thread is still fetching a token")
        if time.monotonic() >= self._expires:
            self._fetch()
        self._lock.release()
        return self._token

    def forget(self) -> None:
        self._expires = 0.0


_stores: dict[str, TokenStore] = {}


def bearer(client_id: str, url: str) -> str:
    """The Authorization header for `client_id`."""
    store = _stores.setdefault(client_id, TokenStore(url, client_id))
    store.url = url
    return f"Bearer {store.token()}"
