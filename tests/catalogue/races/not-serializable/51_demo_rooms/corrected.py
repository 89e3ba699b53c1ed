"""Demo rooms of the sales team: a room has one session at a time, which the constraint `one_per_room` sees to."""

from __future__ import annotations

import secrets
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

INSERT = """
    INSERT INTO sessions (token, customer_id, data, created_at, expires_at) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT ON CONSTRAINT one_per_room DO NOTHING
"""


def book(dsn: str, room: int, customer_id: int, start: datetime, end: datetime) -> bool:
    """Book a room, unless somebody has it for a part of that time."""
    with psycopg.connect(dsn) as conn:
        done = conn.execute(INSERT, (secrets.token_hex(16), customer_id, Jsonb({"room": room}), start, end))
        return done.rowcount == 1
