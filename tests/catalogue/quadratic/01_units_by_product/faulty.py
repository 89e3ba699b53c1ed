"""Sales report of one tenant's catalogue."""

import psycopg
from psycopg.rows import namedtuple_row

QUERY = """
    SELECT p.id, p.sku, p.name,
           (SELECT coalesce(sum(i.quantity), 0) FROM order_items i WHERE i.product_id = p.id) AS sold
    FROM products p
    WHERE p.tenant_id = %s AND p.active
    ORDER BY sold DESC, p.sku
"""


def report(conn: psycopg.Connection, tenant_id: int) -> list[str]:
    """One line for each active product, the best sellers first."""
    with conn.cursor(row_factory=namedtuple_row) as cur:
        rows = cur.execute(QUERY, (tenant_id,)).fetchall()  # <- here
    return [f"{row.sku} {row.name}: {row.sold}" for row in rows]
