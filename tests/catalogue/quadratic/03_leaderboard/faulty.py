"""Leaderboard of the loyalty programme."""

import os

import psycopg2

TOP = """
    SELECT c.id, c.name, c.points, 1 + count(better.id) AS place
    FROM customers c
    LEFT JOIN customers better ON better.points > c.points
    GROUP BY c.id
    ORDER BY place, c.id
    LIMIT %s
"""


def leaderboard(conn, limit=20):
    """Return [(place, name, points), ...]; customers with the same points share a place."""
    with conn.cursor() as cur:
        cur.execute(TOP, (limit,))  # <- here
        return [(place, name, points) for _, name, points, place in cur.fetchall()]


def main():
    conn = psycopg2.connect(os.environ["DATABASE_DSN"])
    try:
        for place, name, points in leaderboard(conn):
            print(f"{place:>3}. {name} ({points})")
    finally:
        conn.close()
