"""Tags on tickets of the support desk."""

from __future__ import annotations

import psycopg
from psycopg.errors import UniqueViolation


def _tag(conn: psycopg.Connection, tenant_id: int, name: str) -> int:
    query = "SELECT id FROM tags WHERE tenant_id = %s AND name = %s"
    row = conn.execute(query, (tenant_id, name)).fetchone()
    if row is None:
        try:
            with conn.transaction():
                row = conn.execute(
                    "INSERT INTO tags (tenant_id, name) VALUES (%s, %s) RETURNING id", (tenant_id, name)
                ).fetchone()
        except UniqueViolation:  # somebody was faster
            row = conn.execute(query, (tenant_id, name)).fetchone()
    return row[0]


def tag(dsn: str, tenant_id: int, ticket_id: int, name: str) -> None:
    """Put a tag on a ticket; the tag is made if it is new."""
    with psycopg.connect(dsn) as conn:
        tag_id = _tag(conn, tenant_id, name)
        conn.execute(
            "INSERT INTO ticket_tags (ticket_id, tag_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", (ticket_id, tag_id)
        )
