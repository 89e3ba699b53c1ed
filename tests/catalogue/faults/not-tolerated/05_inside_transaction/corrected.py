"""Books goods that arrive."""

from __future__ import annotations

import os
import time
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

engine = create_engine(
    os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"),
    poolclass=NullPool,
    connect_args={"connect_timeout": 2, "tcp_user_timeout": 2000},
)


def execute(conn: Connection, statement: str, **values: Any) -> Any:
    return conn.execute(text(statement), values)


def _arrived(delivery: str, product_id: int, warehouse_id: int, pieces: int) -> bool:
    with engine.begin() as conn:
        new = execute(
            conn,
            "INSERT INTO feature_flags (name) VALUES (:name) ON CONFLICT (name) DO NOTHING",
            name=f"delivery:{delivery}",
        )
        if new.rowcount == 0:
            return False
        execute(
            conn,
            "UPDATE inventory SET quantity = quantity + :n, updated_at = now() WHERE product_id = :p AND warehouse_id = :w",
            n=pieces,
            p=product_id,
            w=warehouse_id,
        )
    return True


def arrived(delivery: str, product_id: int, warehouse_id: int, pieces: int) -> bool:
    """Book a delivery, up to three times; False if it was booked before this call."""
    uncertain = False
    for attempt in range(3):
        try:
            return _arrived(delivery, product_id, warehouse_id, pieces) or uncertain
        except DBAPIError:
            if attempt == 2:
                raise
            uncertain = True  # an attempt of ours may have been committed
            time.sleep(0.1 * 2**attempt)
    raise AssertionError("unreachable")
