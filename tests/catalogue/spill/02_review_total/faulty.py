"""Review list of the moderators."""

from typing import Any

import psycopg
from psycopg.rows import dict_row


def review_page(conn: psycopg.Connection, size: int = 20) -> dict[str, Any]:
    """The newest reviews, and whether there are more of them."""
    with conn.cursor(row_factory=dict_row) as cur:
        cur.execute(  # <- here
            """
            SELECT id, product_id, stars, body, count(*) OVER () AS total
            FROM reviews
            ORDER BY id DESC
            LIMIT %s
            """,
            (size,),
        )
        rows = cur.fetchall()
    total = rows[0]["total"] if rows else 0
    return {"reviews": [{k: v for k, v in row.items() if k != "total"} for row in rows], "more": total > len(rows)}
