"""Closes tickets.

Each closing leaves an audit event *if possible*: the desk must be able to work when the audit trail cannot be written.
Its loss is accepted (decision record 14), counted, and shown by the metrics.
"""

from __future__ import annotations

import logging
from collections import Counter

import psycopg

log = logging.getLogger(__name__)
metrics: Counter[str] = Counter()


def _audit(dsn: str, tenant_id: int, ticket_id: int, action: str) -> None:
    """Best effort: never raises."""
    try:
        with psycopg.connect(dsn, connect_timeout=2) as conn:
            conn.execute(
                "INSERT INTO events (tenant_id, entity_type, entity_id, action) VALUES (%s, 'ticket', %s, %s)",
                (tenant_id, ticket_id, action),
            )
    except psycopg.Error:
        metrics["audit_lost"] += 1
        log.warning("audit event %s of ticket %s is lost", action, ticket_id, exc_info=True)


def close(dsn: str, ticket_id: int) -> bool:
    """False if the ticket is closed already."""
    with psycopg.connect(dsn, connect_timeout=2) as conn:
        row = conn.execute(
            "UPDATE tickets SET status = 'closed', updated_at = now() WHERE id = %s AND status <> 'closed' RETURNING tenant_id",
            (ticket_id,),
        ).fetchone()
    if row is None:
        return False
    _audit(dsn, row[0], ticket_id, "closed")
    return True
