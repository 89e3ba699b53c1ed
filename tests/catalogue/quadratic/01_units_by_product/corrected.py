"""Sales report of one tenant's catalogue."""

import psycopg
from psycopg.rows import namedtuple_row

QUERY = """
    SELECT p.id, p.sku, p.name, coalesce(sum(i.quantity), 0) AS sold
    FROM products p
    LEFT JOIN order_items i ON i.product_id = p.id
    WHERE p.tenant_id = %s AND p.active
    GROUP BY p.id
    ORDER BY sold DESC, p.sku
"""


def report(conn: psycopg.Connection, tenant_id: int) -> list[str]:
    """One line for each active product, the best sellers first."""
    with conn.cursor(row_factory=namedtuple_row) as cur:
        rows = cur.execute(QUERY, (tenant_id,)).fetchall()
    return [f"{row.sku} {row.name}: {row.sold}" for row in rows]
