"""Customers give points to each other."""

import psycopg2
from psycopg2.errors import DeadlockDetected


def _transfer(dsn, giver, taker, points):
    conn = psycopg2.connect(dsn)
    try:
        with conn, conn.cursor() as cur:
            cur.execute("UPDATE customers SET points = points - %s WHERE id = %s", (points, giver))
            cur.execute("UPDATE customers SET points = points + %s WHERE id = %s", (points, taker))
    finally:
        conn.close()


def transfer(dsn, giver, taker, points):
    for _ in range(5):
        try:
            return _transfer(dsn, giver, taker, points)
        except DeadlockDetected:
            continue
    return _transfer(dsn, giver, taker, points)
