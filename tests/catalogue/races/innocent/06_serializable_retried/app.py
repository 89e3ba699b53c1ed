"""Who is on call tonight. At least one must be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")


def serializable(engine: Engine, work: Callable[[Connection], T], attempts: int = 6) -> T:
    strict = engine.execution_options(isolation_level="SERIALIZABLE")
    for attempt in range(1, attempts + 1):
        try:
            with strict.begin() as conn:
                return work(conn)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in ("40001", "40P01") or attempt == attempts:
                raise
    raise AssertionError("unreachable")


def sign_off(engine: Engine, employee_id: int, team: str) -> bool:
    """False for the last one."""

    def work(conn: Connection) -> bool:
        count = conn.execute(text("SELECT count(*) FROM employees WHERE team = :team"), {"team": team}).scalar_one()
        if count < 2:
            return False
        conn.execute(text("UPDATE employees SET team = 'off' WHERE id = :id"), {"id": employee_id})
        return True

    return serializable(engine, work)
