"""Messages of tickets."""

import psycopg2


def say(dsn, ticket_id, author, body):
    """Store a message; returns its number."""
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute(
                "INSERT INTO messages (ticket_id, author, body) VALUES (%s, %s, %s) RETURNING id",
                (ticket_id, author, body),
            )
            (message,) = cur.fetchone()
            cur.execute("UPDATE tickets SET updated_at = clock_timestamp() WHERE id = %s", (ticket_id,))
            return message
    finally:
        conn.close()
