"""Which open tickets carry internal notes (shown as a small icon in the list)."""

import psycopg


def tickets_with_notes(conn: psycopg.Connection, tenant_id: int) -> set[int]:
    query = """
        SELECT DISTINCT t.id
        FROM tickets t, messages m
        WHERE t.tenant_id = %(tenant)s
          AND t.status = 'open'
          AND t.deleted_at IS NULL
          AND m.ticket_id = t.id
          AND m.internal
    """
    return {row[0] for row in conn.execute(query, {"tenant": tenant_id})}


def icons(conn: psycopg.Connection, tenant_id: int, ticket_ids: list[int]) -> dict[int, str]:
    noted = tickets_with_notes(conn, tenant_id)
    return {ticket: "note" if ticket in noted else "" for ticket in ticket_ids}
