"""Counts for the dashboard, read in parallel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from psycopg_pool import ConnectionPool

COUNTS = {
    "open tickets": "SELECT count(*) FROM tickets WHERE tenant_id = %s AND status = 'open'",
    "tags": "SELECT count(*) FROM tags WHERE tenant_id = %s",
    "coupons": "SELECT count(*) FROM coupons WHERE tenant_id = %s",
}


def count(pool: ConnectionPool, query: str, tenant_id: int) -> int:
    with pool.connection() as conn:
        return conn.execute(query, (tenant_id,)).fetchone()[0]


def dashboard(pool: ConnectionPool, tenant_id: int) -> dict[str, int]:
    with ThreadPoolExecutor(len(COUNTS)) as threads:
        futures = {name: threads.submit(count, pool, query, tenant_id) for name, query in COUNTS.items()}
        return {name: future.result() for name, future in futures.items()}
