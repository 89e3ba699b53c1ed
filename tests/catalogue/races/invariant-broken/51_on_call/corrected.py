"""Who of the support desk is on call: at least one, always."""

from __future__ import annotations

import psycopg

ON_CALL = "SELECT id FROM employees WHERE team = 'on-call' ORDER BY id FOR UPDATE"
LEAVE = "UPDATE employees SET team = 'support' WHERE id = %s"


def leave(dsn: str, employee_id: int) -> bool:
    """Go off call; refused to the last one."""
    with psycopg.connect(dsn) as conn:
        on_call = {row[0] for row in conn.execute(ON_CALL)}
        if employee_id not in on_call:
            return True
        if len(on_call) == 1:
            return False
        conn.execute(LEAVE, (employee_id,))
        return True
