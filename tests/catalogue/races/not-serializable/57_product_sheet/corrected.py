"""Attributes of products, edited by several people; each edit makes a new revision."""

from contextlib import closing

import psycopg2
from psycopg2.extras import Json

READ = "SELECT attributes FROM products WHERE id = %s"
WRITE = """
    UPDATE products SET attributes = %s, updated_at = now()
    WHERE id = %s AND coalesce((attributes->>'revision')::int, 0) = %s
"""


def set_attribute(dsn, product_id, name, value):
    """Set one attribute, and leave the others as they are."""
    with closing(psycopg2.connect(dsn)) as conn, conn, conn.cursor() as cur:
        written = 0
        while not written:  # each turn somebody else's edit came in between
            cur.execute(READ, (product_id,))
            (attributes,) = cur.fetchone()
            revision = attributes.get("revision", 0)
            attributes = {**attributes, name: value, "revision": revision + 1}
            cur.execute(WRITE, (Json(attributes), product_id, revision))
            written = cur.rowcount
