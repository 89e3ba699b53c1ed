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
        claimed = conn.execute(
            "UPDATE orders SET status = 'paying' WHERE id = %s AND status IN ('pending', 'paying') RETURNING total",
            (order_id,),
        ).fetchone()
    if claimed is None:
        raise AlreadyPaid(order_id)
    total = claimed[0]
    reference = capture(provider_url, order_id, str(total))
    with conn.transaction():
        conn.execute(
            "INSERT INTO payments (order_id, provider, provider_ref, status, amount) VALUES (%s, 'card', %s, 'settled', %s) "
            "ON CONFLICT (provider_ref) DO NOTHING",
            (order_id, reference, total),
        )
        conn.execute("UPDATE orders SET status = 'paid' WHERE id = %s", (order_id,))
    return reference
