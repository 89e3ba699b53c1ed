"""Takes over stock levels from the warehouse in batches of bounded size."""

import os
from collections.abc import Iterable
from contextlib import closing
from itertools import islice

import psycopg2
from psycopg2.extras import execute_values

UPSERT = """
    INSERT INTO inventory (product_id, warehouse_id, quantity) VALUES %s
    ON CONFLICT (product_id, warehouse_id) DO UPDATE SET quantity = excluded.quantity, updated_at = now()
"""


def sync(levels: Iterable[tuple[int, int, int]], batch: int = 500) -> int:
    """Each batch is a transaction of its own, so that no lock is held for long; returns the number of batches."""
    levels = iter(levels)
    count = 0
    with closing(psycopg2.connect(os.environ["DATABASE_DSN"])) as conn:
        while rows := list(islice(levels, batch)):
            with conn, conn.cursor() as cur:
                execute_values(cur, UPSERT, rows, page_size=batch)
            count += 1
    return count
