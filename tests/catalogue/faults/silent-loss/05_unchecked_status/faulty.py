"""Sends queued mails through the mail provider's API."""

import httpx
import psycopg


def deliver(client: httpx.Client, recipient: str, subject: str, body: str, key: str) -> None:
    client.post(
        "/messages",
        json={"to": recipient, "subject": subject, "text": body},
        headers={"Idempotency-Key": key},
        timeout=2.0,
    )


def send_queued(conn: psycopg.Connection, client: httpx.Client, customer_id: int) -> int:
    """Send what is queued for a customer, oldest first; returns how many mails went out."""
    queued = conn.execute(
        "SELECT id, recipient, subject, body FROM emails WHERE customer_id = %s AND status = 'queued' ORDER BY id",
        (customer_id,),
    ).fetchall()
    conn.commit()
    for email_id, recipient, subject, body in queued:
        deliver(client, recipient, subject, body, key=f"email-{email_id}")
        conn.execute("UPDATE emails SET status = 'sent', sent_at = now() WHERE id = %s", (email_id,))
        conn.commit()
    return len(queued)
