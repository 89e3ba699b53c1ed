import os

import psycopg2


class Inventory:
    """Keeps a connection open; use one per thread."""

    _shared = None

    def __init__(self, dsn=None):
        self.dsn = dsn or os.environ["DATABASE_DSN"]
        self._conn = None

    @classmethod
    def shared(cls):
        if cls._shared is None:
            cls._shared = cls()
        return cls._shared

    @property
    def conn(self):
        if self._conn is None or self._conn.closed:
            self._conn = psycopg2.connect(self.dsn, connect_timeout=3)
        return self._conn

    def reserve(self, product_id, warehouse_id, pieces):
        """True if the pieces are reserved now."""
        try:
            with self.conn as conn, conn.cursor() as cur:
                cur.execute(
                    "UPDATE inventory SET reserved = reserved + %s "
                    "WHERE product_id = %s AND warehouse_id = %s AND quantity - reserved >= %s",
                    (pieces, product_id, warehouse_id, pieces),
                )
                return cur.rowcount == 1
        except psycopg2.errors.ReadOnlySqlTransaction:
            self._conn.close()  # the server is a replica now: the next call finds the new primary
            raise


def reserve(product_id, warehouse_id, pieces):
    return Inventory.shared().reserve(product_id, warehouse_id, pieces)
