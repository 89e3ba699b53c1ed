"""Exports the lines of orders."""

from contextlib import closing

import psycopg2


def lines(dsn, order_ids, chunk=100):
    with closing(psycopg2.connect(dsn, connect_timeout=2)) as conn, conn:
        with conn.cursor("lines") as cur:
            cur.itersize = chunk
            cur.execute(
                "SELECT o.number, i.product_id, i.quantity, i.price FROM order_items i "
                "JOIN orders o ON o.id = i.order_id WHERE i.order_id = ANY(%s) ORDER BY i.order_id, i.id",
                (list(order_ids),),
            )
            yield from cur


def export(dsn, order_ids):
    """CSV, complete or not at all."""
    rows = [f"{number};{product};{quantity};{price}" for number, product, quantity, price in lines(dsn, order_ids)]
    return "\n".join(["order;product;quantity;price", *rows]) + "\n"
