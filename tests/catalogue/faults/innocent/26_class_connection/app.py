"""Tags of tickets. Functions take a connection, whose owner commits."""

import psycopg


def tag_id(conn: psycopg.Connection, tenant_id: int, name: str) -> int:
    conn.execute(
        "INSERT INTO tags (tenant_id, name) VALUES (%s, %s) ON CONFLICT (tenant_id, name) DO NOTHING", (tenant_id, name)
    )
    return conn.execute("SELECT id FROM tags WHERE tenant_id = %s AND name = %s", (tenant_id, name)).fetchone()[0]


def add_tag(conn: psycopg.Connection, ticket_id: int, name: str) -> None:
    tenant_id = conn.execute("SELECT tenant_id FROM tickets WHERE id = %s", (ticket_id,)).fetchone()[0]
    conn.execute(
        "INSERT INTO ticket_tags (ticket_id, tag_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (ticket_id, tag_id(conn, tenant_id, name)),
    )


def tags(conn: psycopg.Connection, ticket_id: int) -> list[str]:
    query = "SELECT t.name FROM ticket_tags tt JOIN tags t ON t.id = tt.tag_id WHERE tt.ticket_id = %s ORDER BY t.name"
    return [name for (name,) in conn.execute(query, (ticket_id,))]
