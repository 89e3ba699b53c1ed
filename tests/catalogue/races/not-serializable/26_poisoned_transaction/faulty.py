"""Import of products with the categories that they name."""

from __future__ import annotations

import psycopg


def category_id(conn: psycopg.Connection, name: str) -> int:
    query = "SELECT id FROM categories WHERE slug = %s"
    slug = "-".join(name.lower().split())
    if row := conn.execute(query, (slug,)).fetchone():
        return row[0]
    try:
        row = conn.execute("INSERT INTO categories (name, slug) VALUES (%s, %s) RETURNING id", (name, slug)).fetchone()
    except psycopg.errors.UniqueViolation:  # somebody else was faster
        row = conn.execute(query, (slug,)).fetchone()
    return row[0]


def put(dsn: str, product_id: int, category: str) -> None:
    """Put a product into a category, which may be new."""
    with psycopg.connect(dsn) as conn:
        found = category_id(conn, category)
        conn.execute("UPDATE products SET category_id = %s WHERE id = %s", (found, product_id))
