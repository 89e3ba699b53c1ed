"""Master data of the shop."""

import psycopg2


class MasterData:
    def __init__(self, dsn):
        self.dsn = dsn

    def _write(self, query, *params):
        conn = psycopg2.connect(self.dsn, connect_timeout=2)
        try:
            with conn, conn.cursor() as cur:
                cur.execute(query, params)
                return cur.fetchone()[0]
        finally:
            conn.close()

    def add_warehouse(self, name, country):
        return self._write("INSERT INTO warehouses (name, country) VALUES (%s, %s) RETURNING id", name, country)

    def add_category(self, name):
        slug = "-".join(name.lower().split())
        return self._write("INSERT INTO categories (name, slug) VALUES (%s, %s) RETURNING id", name, slug)
