"""Sends queued mails."""

from __future__ import annotations

from collections.abc import Callable

import psycopg


def relay(dsn: str, send: Callable[[int, str], None], subject: str) -> None:
    """Hand the queued mails of a campaign to the mail server."""
    with psycopg.connect(dsn) as conn:
        queued = conn.execute(
            "SELECT id, recipient FROM emails WHERE status = 'queued' AND subject = %s ORDER BY id LIMIT 50", (subject,)
        ).fetchall()
        for _, recipient in queued:
            send(recipient, subject)
        conn.execute(
            "UPDATE emails SET status = 'sent', sent_at = now() WHERE id = ANY(%s)", ([row[0] for row in queued],)
        )
