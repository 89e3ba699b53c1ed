import os

import psycopg

DSN = os.environ.get("DATABASE_DSN", "postgresql:///shop")


def switch(name: str, enabled: bool, percentage: int = 100) -> None:
    """Switch a feature on or off, for a share of all customers."""
    if not 0 <= percentage <= 100:
        raise ValueError(f"{percentage} % is not between 0 and 100")
    with psycopg.connect(DSN, autocommit=True, connect_timeout=2) as conn:
        conn.execute(
            "INSERT INTO feature_flags (name, enabled, percentage) VALUES (%s, %s, %s) "
            "ON CONFLICT (name) DO UPDATE SET enabled = excluded.enabled, percentage = excluded.percentage, "
            "updated_at = now()",
            (name, enabled, percentage),
        )
