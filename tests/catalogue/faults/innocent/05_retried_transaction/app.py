"""Transfers loyalty points between customers, at the isolation level serializable."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")
SERIALIZATION_FAILURE, DEADLOCK = "40001", "40P01"


def serializable(engine: Engine, work: Callable[[Connection], T], attempts: int = 5) -> T:
    """Run `work` in a serializable transaction, again if the server asks for it."""
    for attempt in range(1, attempts + 1):
        try:
            with engine.connect().execution_options(isolation_level="SERIALIZABLE") as conn, conn.begin():
                return work(conn)
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state not in (SERIALIZATION_FAILURE, DEADLOCK) or attempt == attempts:
                raise
        time.sleep(random.uniform(0.5, 1) * 0.05 * 2**attempt)
    raise AssertionError("unreachable")


class NotEnough(Exception):
    pass


def give(engine: Engine, giver: int, receiver: int, points: int) -> None:
    def work(conn: Connection) -> None:
        have = conn.scalar(text("SELECT points FROM customers WHERE id = :id"), {"id": giver})
        if have < points:
            raise NotEnough(f"{have} of {points}")
        change = text("UPDATE customers SET points = points + :n WHERE id = :id")
        conn.execute(change, {"n": -points, "id": giver})
        conn.execute(change, {"n": points, "id": receiver})

    serializable(engine, work)
