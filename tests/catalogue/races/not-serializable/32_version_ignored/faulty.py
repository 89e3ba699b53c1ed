"""Edits of products in the back office, with the version in the attributes."""

import psycopg2
from psycopg2.extras import Json


def edit(dsn, product_id, key, value):
    """Set one attribute."""
    conn = psycopg2.connect(dsn)
    conn.autocommit = True
    try:
        cur = conn.cursor()
        cur.execute("SELECT attributes FROM products WHERE id = %s", (product_id,))
        (attributes,) = cur.fetchone()
        version = attributes.get("version", 0)
        attributes |= {key: value, "version": version + 1}
        cur.execute(
            "UPDATE products SET attributes = %s WHERE id = %s AND coalesce((attributes ->> 'version')::int, 0) = %s",
            (Json(attributes), product_id, version),
        )
    finally:
        conn.close()
