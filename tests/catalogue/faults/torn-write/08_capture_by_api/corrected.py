"""Takes the money for an order."""

import psycopg
import requests

TIMEOUT = (1, 2)


class PaymentRefused(Exception):
    pass


class Provider:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def charge(self, order_id: int, amount: str) -> str:
        response = requests.post(
            f"{self.base_url}/charges",
            json={"order": order_id, "amount": amount},
            headers={"Idempotency-Key": f"order-{order_id}"},
            timeout=TIMEOUT,
        )
        if response.status_code == 402:
            raise PaymentRefused(order_id)
        response.raise_for_status()
        return response.json()["reference"]


def pay(conn: psycopg.Connection, provider: Provider, order_id: int) -> str:
    """Pay a pending order; returns the provider's reference."""
    row = conn.execute("SELECT total FROM orders WHERE id = %s AND status = 'pending'", (order_id,)).fetchone()
    conn.commit()
    if row is None:
        raise LookupError(f"order {order_id} is not pending")
    reference = provider.charge(order_id, str(row[0]))
    conn.execute(
        "INSERT INTO payments (order_id, provider, provider_ref, status, amount) VALUES (%s, 'card', %s, 'settled', %s)"
        " ON CONFLICT (provider_ref) DO NOTHING",
        (order_id, reference, row[0]),
    )
    conn.execute("UPDATE orders SET status = 'paid' WHERE id = %s", (order_id,))
    conn.commit()
    return reference
