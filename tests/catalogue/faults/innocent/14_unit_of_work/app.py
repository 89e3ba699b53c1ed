"""Stores replies of agents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import namedtuple_row


@contextmanager
def unit_of_work(dsn: str) -> Iterator[psycopg.Cursor]:
    conn = psycopg.connect(dsn, row_factory=namedtuple_row, connect_timeout=2)
    try:
        with conn.cursor() as cur:
            yield cur
        conn.commit()
    except BaseException:
        if not conn.closed:
            conn.rollback()
        raise
    finally:
        conn.close()


def reply(dsn: str, ticket_id: int, author: str, body: str) -> int:
    with unit_of_work(dsn) as cur:
        cur.execute(
            "INSERT INTO messages (ticket_id, author, body) VALUES (%s, %s, %s) RETURNING id", (ticket_id, author, body)
        )
        message_id = cur.fetchone().id
        cur.execute("UPDATE tickets SET status = 'waiting', updated_at = now() WHERE id = %s", (ticket_id,))
        return message_id
