"""Captures the payment of an order at the payment provider."""

import json
import urllib.request

import psycopg


class AlreadyPaid(Exception):
    pass


def capture(url: str, order_id: int, amount: str) -> str:
    """Ask the provider for the money; returns its reference."""
    body = json.dumps({"order": order_id, "amount": amount}).encode()
    request = urllib.request.Request(
        url, body, {"Content-Type": "application/json", "Idempotency-Key": f"order-{order_id}"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["reference"]


def pay(conn: psycopg.Connection, provider_url: str, order_id: int) -> str:
    with conn.transaction():
        status, total = conn.execute(  # <- here
            "SELECT status, total FROM orders WHERE id = %s FOR UPDATE", (order_id,)
        ).fetchone()
        if status != "pending":
            raise AlreadyPaid(order_id)
        reference = capture(provider_url, order_id, str(total))
        conn.execute(
            "INSERT INTO payments (order_id, provider, provider_ref, status, amount) VALUES (%s, 'card', %s, 'settled', %s)",
            (order_id, reference, total),
        )
        conn.execute("UPDATE orders SET status = 'paid' WHERE id = %s", (order_id,))
    return reference
