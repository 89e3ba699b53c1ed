"""Refunds at the payment provider, which knows idempotency keys."""

from __future__ import annotations

import time

import requests


class RefundFailed(Exception):
    pass


def refund(provider: str, charge: str, cents: int, attempts: int = 4) -> str:
    """Refund a charge; the same charge and amount are refunded once, however often this is called."""
    for attempt in range(1, attempts + 1):
        try:
            response = requests.post(
                f"{provider}/refunds",
                json={"charge": charge, "amount": cents},
                headers={"Idempotency-Key": f"refund:{charge}:{cents}"},
                timeout=1,
            )
            if response.status_code < 500 and response.status_code != 429:
                response.raise_for_status()
                return response.json()["id"]
            reason = f"status {response.status_code}"
        except requests.HTTPError:
            raise
        except requests.RequestException as error:
            reason = repr(error)
        if attempt < attempts:
            time.sleep(0.1 * 2**attempt)
    raise RefundFailed(f"{charge}: {reason}")
