"""Tags of tickets."""

from __future__ import annotations

import psycopg


def tag(dsn: str, tenant_id: int, ticket_id: int, name: str) -> None:
    """Put a tag on a ticket; a new one is created."""
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT id FROM tags WHERE tenant_id = %s AND name = %s", (tenant_id, name)).fetchone()
        if row is None:
            row = conn.execute(
                "INSERT INTO tags (tenant_id, name) VALUES (%s, %s) RETURNING id", (tenant_id, name)
            ).fetchone()
        conn.execute(
            "INSERT INTO ticket_tags (ticket_id, tag_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", (ticket_id, row[0])
        )
