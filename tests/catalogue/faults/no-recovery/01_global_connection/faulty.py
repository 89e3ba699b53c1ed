"""Feature flags, read on every request."""

from __future__ import annotations

import os
import zlib

import psycopg

DSN = os.environ.get("DATABASE_DSN", "postgresql:///shop")

_connection: psycopg.Connection | None = None


def connection() -> psycopg.Connection:
    global _connection
    if _connection is None:
        _connection = psycopg.connect(DSN, autocommit=True)
    return _connection


def is_enabled(name: str, customer_id: int) -> bool:
    """Flags are switched on for a percentage of customers, always for the same ones."""
    row = connection().execute("SELECT enabled, percentage FROM feature_flags WHERE name = %s", (name,)).fetchone()
    if row is None:
        return False
    enabled, percentage = row
    return enabled and zlib.crc32(f"{name}:{customer_id}".encode()) % 100 < percentage
