"""Copies the customers out, for the CRM's bulk load."""

from pathlib import Path

import psycopg

COPY = "COPY (SELECT id, tenant_id, email, name, country FROM customers WHERE deleted_at IS NULL) TO STDOUT (FORMAT csv, HEADER)"


def copy_customers(conn: psycopg.Connection, path: Path) -> int:
    """Write the file; returns its size in bytes."""
    size = 0
    with path.open("wb") as file, conn.cursor() as cur, cur.copy(COPY) as copy:
        for chunk in copy:
            size += file.write(chunk)
    return size
