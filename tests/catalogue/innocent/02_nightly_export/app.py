"""Nightly export of all order items for the data warehouse, through a server-side cursor."""

import csv
from contextlib import closing
from typing import TextIO

import psycopg2


def export(dsn: str, out: TextIO) -> int:
    writer = csv.writer(out)
    count = 0
    with closing(psycopg2.connect(dsn)) as conn, conn, conn.cursor(name="export") as cur:
        cur.itersize = 10_000
        cur.execute("SELECT id, order_id, product_id, quantity, price FROM order_items")
        for row in cur:
            writer.writerow(row)
            count += 1
    return count
