"""Points, over the service's connection."""

import psycopg2


class NotEnough(Exception):
    pass


class Points:
    def __init__(self, dsn):
        self.conn = psycopg2.connect(dsn)

    def _write(self, query, params):
        try:
            cur = self.conn.cursor()
            cur.execute(query, params)
            if cur.rowcount == 0:
                raise NotEnough(params[0])
            cur.execute("UPDATE customers SET last_seen = now() WHERE id = %s", (params[1],))
            self.conn.commit()
        except Exception:
            self.conn.rollback()
            raise

    def stop(self):
        self.conn.close()

    def award(self, customer_id, points):
        self._write("UPDATE customers SET points = points + %s WHERE id = %s", (points, customer_id))

    def spend(self, customer_id, points):
        self._write("UPDATE customers SET points = points - %s WHERE id = %s AND points >= %s", (points, customer_id, points))
