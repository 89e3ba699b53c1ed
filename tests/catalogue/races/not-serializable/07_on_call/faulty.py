"""Who is on call tonight. At least one must be."""

from __future__ import annotations

import psycopg
from psycopg import IsolationLevel


class LastOne(Exception):
    """Nobody else is on call."""


def sign_off(dsn: str, employee_id: int, team: str) -> None:
    with psycopg.connect(dsn) as conn:
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        rows = conn.execute("SELECT id FROM employees WHERE team = %s", (team,)).fetchall()
        if len(rows) < 2:
            raise LastOne(f"employee {employee_id} is the last one on call")
        conn.execute("UPDATE employees SET team = 'off' WHERE id = %s", (employee_id,))
