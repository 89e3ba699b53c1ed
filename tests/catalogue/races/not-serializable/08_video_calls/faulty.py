"""Video calls with customers: one at a time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, text

OVERLAPPING = text(
    "SELECT count(*) FROM sessions WHERE customer_id = :customer AND data ->> 'kind' = 'call' "
    "AND tstzrange(created_at, expires_at) && tstzrange(:start, :end)"
)
BOOK = text(
    "INSERT INTO sessions (token, customer_id, data, created_at, expires_at) "
    "VALUES (:token, :customer, '{\"kind\": \"call\"}', :start, :end)"
)


class Taken(Exception):
    """There is a call at that time."""


def book(engine: Engine, customer_id: int, start: datetime, end: datetime) -> str:
    """Book a call; returns the token with which both sides enter it."""
    token = f"call-{customer_id}-{start:%H%M}"
    times = {"customer": customer_id, "start": start, "end": end}
    with engine.begin() as conn:
        if conn.execute(OVERLAPPING, times).scalar():
            raise Taken(token)
        conn.execute(BOOK, {"token": token, **times})
    return token
