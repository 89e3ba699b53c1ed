import psycopg2


class OutOfStock(Exception):
    def __init__(self, product_id, wanted):
        super().__init__(f"product {product_id}: not {wanted} in stock")
        self.product_id = product_id


def reserve_all(conn, warehouse_id, lines):
    """All of [(product_id, pieces), …] or nothing."""
    with conn, conn.cursor() as cur:
        for product_id, pieces in sorted(lines):
            cur.execute(
                "UPDATE inventory SET reserved = reserved + %s "
                "WHERE product_id = %s AND warehouse_id = %s AND quantity - reserved >= %s",
                (pieces, product_id, warehouse_id, pieces),
            )
            if cur.rowcount != 1:
                raise OutOfStock(product_id, pieces)


def reserve_order(dsn, warehouse_id, lines):
    conn = psycopg2.connect(dsn, connect_timeout=2)
    try:
        reserve_all(conn, warehouse_id, lines)
    finally:
        conn.close()
