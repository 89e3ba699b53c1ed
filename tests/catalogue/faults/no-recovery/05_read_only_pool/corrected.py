"""Switches shops into maintenance. The database is a pair; the other node takes over when one fails."""

from __future__ import annotations

import os

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import ExceptionContext


def make_engine(url: str) -> Engine:
    engine = create_engine(url, pool_size=2, max_overflow=0, pool_pre_ping=True, pool_timeout=3)

    @event.listens_for(engine, "handle_error")
    def leave_replicas(context: ExceptionContext) -> None:
        """A primary that became a replica answers pings, and refuses every write: do not come back to it."""
        if getattr(context.original_exception, "sqlstate", None) == "25006":
            context.is_disconnect = True

    return engine


engine = make_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"))


def set_flag(name: str, enabled: bool) -> bool:
    """Returns the value before."""
    with engine.begin() as conn:
        before = conn.execute(
            text("SELECT enabled FROM feature_flags WHERE name = :name FOR UPDATE"), {"name": name}
        ).scalar_one_or_none()
        conn.execute(
            text(
                "INSERT INTO feature_flags (name, enabled, percentage) VALUES (:name, :enabled, 100) "
                "ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled, updated_at = now()"
            ),
            {"name": name, "enabled": enabled},
        )
    return bool(before)
