"""Invoices, numbered without gaps for each tenant, as the tax office wants it."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Engine, text

LAST = text("SELECT coalesce(max(number), '000000') FROM invoices WHERE tenant_id = :tenant AND number ~ '^[0-9]{6}$'")
INSERT = text("""
    INSERT INTO invoices (tenant_id, order_id, number, amount, due_on)
    SELECT tenant_id, id, :number, total, :due FROM orders WHERE id = :order AND tenant_id = :tenant
""")


def issue(engine: Engine, tenant_id: int, order_id: int, today: date) -> str:
    """Write the invoice of an order; returns its number."""
    with engine.begin() as conn:
        number = f"{int(conn.scalar(LAST, {'tenant': tenant_id})) + 1:06}"
        due = today + timedelta(days=30)
        conn.execute(INSERT, {"tenant": tenant_id, "order": order_id, "number": number, "due": due})
        return number
