"""Demo rooms of the sales team: a room has one session at a time."""

from __future__ import annotations

import secrets
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

OVERLAP = """
    SELECT 1 FROM sessions
    WHERE data->>'room' = %s::text AND created_at < %s AND expires_at > %s
    LIMIT 1
"""
INSERT = "INSERT INTO sessions (token, customer_id, data, created_at, expires_at) VALUES (%s, %s, %s, %s, %s)"


def book(dsn: str, room: int, customer_id: int, start: datetime, end: datetime) -> bool:
    """Book a room, unless somebody has it for a part of that time."""
    with psycopg.connect(dsn) as conn:
        if conn.execute(OVERLAP, (room, end, start)).fetchone():
            return False
        conn.execute(INSERT, (secrets.token_hex(16), customer_id, Jsonb({"room": room}), start, end))
        return True
