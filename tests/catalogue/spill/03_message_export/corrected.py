"""Exports the support messages in chronological order (yearly, for the archive)."""

import json
import os
from typing import TextIO

import psycopg2


def connect():
    return psycopg2.connect(os.environ["DATABASE_DSN"])


def export_messages(conn, out: TextIO) -> int:
    """Write all messages as JSON lines, oldest first."""
    count = 0
    with conn.cursor(name="messages") as cur:
        cur.itersize = 5000
        cur.execute("SELECT id, ticket_id, author, body, created_at FROM messages ORDER BY id")
        for id_, ticket, author, body, created_at in cur:
            line = {"id": id_, "ticket": ticket, "author": author, "body": body, "at": created_at.isoformat()}
            out.write(json.dumps(line) + "\n")
            count += 1
    return count
