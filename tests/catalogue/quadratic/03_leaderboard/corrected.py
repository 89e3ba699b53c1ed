"""Leaderboard of the loyalty programme."""

import os

import psycopg2

TOP = """
    SELECT id, name, points, rank() OVER (ORDER BY points DESC) AS place
    FROM (SELECT id, name, points FROM customers ORDER BY points DESC, id LIMIT %s) top
    ORDER BY place, id
"""


def leaderboard(conn, limit=20):
    """Return [(place, name, points), ...]; customers with the same points share a place."""
    with conn.cursor() as cur:
        cur.execute(TOP, (limit,))
        return [(place, name, points) for _, name, points, place in cur.fetchall()]


def main():
    conn = psycopg2.connect(os.environ["DATABASE_DSN"])
    try:
        for place, name, points in leaderboard(conn):
            print(f"{place:>3}. {name} ({points})")
    finally:
        conn.close()
