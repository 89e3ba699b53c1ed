"""Account lookup for the support team's search box."""

from typing import Any

import psycopg
from psycopg.rows import dict_row


def find_account(conn: psycopg.Connection, email: str) -> dict[str, Any] | None:
    """Find a customer by e-mail, ignoring case."""
    with conn.cursor(row_factory=dict_row) as cur:
        cur.execute(
            "SELECT id, tenant_id, email, name, phone, created_at FROM customers WHERE lower(email) = %s LIMIT 1",
            (email.strip().lower(),),
        )
        return cur.fetchone()


def describe(conn: psycopg.Connection, email: str) -> str:
    account = find_account(conn, email)
    if account is None:
        return f"No account for {email}"
    phone = account["phone"] or "no phone"
    return f"#{account['id']} {account['name']} <{account['email']}>, {phone}"
