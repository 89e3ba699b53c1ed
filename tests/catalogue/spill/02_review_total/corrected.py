"""Review list of the moderators."""

from typing import Any

import psycopg
from psycopg.rows import dict_row


def review_page(conn: psycopg.Connection, size: int = 20) -> dict[str, Any]:
    """The newest reviews, and whether there are more of them."""
    with conn.cursor(row_factory=dict_row) as cur:
        cur.execute(
            """
            SELECT id, product_id, stars, body
            FROM reviews
            ORDER BY id DESC
            LIMIT %s
            """,
            (size + 1,),
        )
        rows = cur.fetchall()
    return {"reviews": rows[:size], "more": len(rows) > size}
