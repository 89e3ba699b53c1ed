"""Books goods that arrive."""

from __future__ import annotations

import os
import time
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

engine = create_engine(os.environ.get("DATABASE_URL", "postgresql+psycopg:///shop"), poolclass=NullPool)


def execute(conn: Connection, statement: str, **values: Any) -> Any:
    """Execute, up to three times."""
    for attempt in range(3):
        try:
            return conn.execute(text(statement), values)
        except DBAPIError:
            if attempt == 2:
                raise
            time.sleep(0.1 * 2**attempt)


def arrived(delivery: str, product_id: int, warehouse_id: int, pieces: int) -> bool:
    """Book a delivery; False if it was booked before."""
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
